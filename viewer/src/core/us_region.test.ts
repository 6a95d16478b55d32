import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { measurementSpacing, type Point } from './geometry';
import { distance } from './measure';
import { measuredRegion, regionAt, ultrasoundRegions } from './us_region';

interface Described {
  readonly box: readonly [number, number, number, number];
  readonly units?: readonly [number, number];
  readonly delta?: readonly [number, number];
  readonly format?: number;
  readonly flags?: number;
}

function region({ box: [x0, y0, x1, y1], units = [3, 3], delta = [0.02, 0.02], format = 1, flags = 0 }: Described): DicomInstance {
  const value = (vr: string, stored: number): { vr: string; Value: number[] } => ({ vr, Value: [stored] });
  return {
    '00186012': value('US', format), '00186016': value('UL', flags),
    '00186018': value('UL', x0), '0018601A': value('UL', y0), '0018601C': value('UL', x1), '0018601E': value('UL', y1),
    '00186024': value('US', units[0]), '00186026': value('US', units[1]),
    '0018602C': value('FD', delta[0]), '0018602E': value('FD', delta[1]),
  };
}

const image = (...regions: Described[]): DicomInstance => ({
  '00186011': { vr: 'SQ', Value: regions.map(region) },
  '00280030': { vr: 'DS', Value: [0.5, 0.5] },
});
const between = (instance: DicomInstance, from: Point, to: Point): number | string => {
  const spacing = measurementSpacing(instance, 1, [from, to]);
  return spacing.refused ?? distance(from, to, spacing);
};

/** Two planes of different depth side by side, a spectrum below. */
const three = image(
  { box: [0, 0, 99, 99], delta: [0.02, 0.03] },
  { box: [100, 0, 199, 99], delta: [0.01, -0.01] },
  { box: [0, 100, 199, 149], units: [4, 7], format: 3 },
);

describe('the region of a point (PS3.3 C.8.5.5)', () => {
  it('reaches to the far edge of its last pixel', () => {
    const regions = ultrasoundRegions(image({ box: [10, 10, 19, 19] }));
    expect(regionAt(regions, [10, 10])).not.toBeNull();
    expect(regionAt(regions, [20, 20])).not.toBeNull();
    expect(regionAt(regions, [20.1, 15])).toBeNull();
    expect(regionAt(regions, [9.9, 15])).toBeNull();
  });

  it('is the one of high priority where two overlap', () => {
    const regions = ultrasoundRegions(image({ box: [0, 0, 99, 99], flags: 1 }, { box: [40, 40, 60, 60], delta: [0.1, 0.1] }));
    expect(regionAt(regions, [50, 50])?.spacing).toEqual({ row: 1, column: 1 });
    expect(regionAt(regions, [10, 10])?.spacing).toEqual({ row: 0.2, column: 0.2 });
  });

  it('has no place without corners', () => {
    expect(ultrasoundRegions({ '00186011': { vr: 'SQ', Value: [{ '00186024': { vr: 'US', Value: [3] } }] } })).toEqual([]);
  });
});

describe('measuring in regions', () => {
  it('takes the deltas of the region that holds the points, along each axis its own', () => {
    expect(between(three, [10, 10], [60, 10])).toBeCloseTo(10);
    expect(between(three, [10, 10], [10, 60])).toBeCloseTo(15);
    expect(between(three, [110, 10], [160, 10])).toBeCloseTo(5);
    expect(between(three, [120, 20], [150, 60])).toBeCloseTo(5);
  });

  it('is refused across two, outside of all, and where an axis is no length, whatever Pixel Spacing says', () => {
    expect(between(three, [10, 10], [150, 10])).toBe('across');
    expect(between(three, [10, 10], [10, 180])).toBe('outside');
    expect(between(three, [10, 110], [60, 120])).toBe('not_spatial');
    expect(between(image({ box: [0, 0, 99, 99], units: [4, 3], format: 2 }), [1, 1], [1, 50])).toBe('not_spatial');
    expect(between(image({ box: [0, 0, 99, 99], delta: [0, 0] }), [1, 1], [1, 50])).toBe('not_spatial');
  });

  it('is refused where another region reaches in between, unless that gives way or measures the same', () => {
    const inset = (flags: number, size: number): DicomInstance => (
      image({ box: [0, 0, 99, 99], flags: 1, delta: [0.02, 0.02] }, { box: [40, 0, 59, 99], flags, delta: [size, size] })
    );
    expect(between(inset(0, 0.1), [10, 50], [90, 50])).toBe('across');
    expect(between(inset(0, 0.02), [10, 50], [90, 50])).toBeCloseTo(16);
    expect(between(inset(0, 0.1), [10, 50], [30, 50])).toBeCloseTo(4);
    const givesWay = image({ box: [0, 0, 99, 99] }, { box: [40, 0, 59, 99], flags: 1, delta: [0.1, 0.1] });
    expect(between(givesWay, [10, 50], [90, 50])).toBeCloseTo(16);
  });

  it('is refused where the header speaks of a larger image than there is', () => {
    const size = (rows: number, columns: number): DicomInstance => ({ '00280010': { vr: 'US', Value: [rows] }, '00280011': { vr: 'US', Value: [columns] } });
    const header = image({ box: [84, 31, 595, 414] });
    expect(between({ ...header, ...size(240, 320) }, [100, 50], [150, 50])).toBe('beyond_image');
    expect(between({ ...header, ...size(414, 595) }, [100, 50], [150, 50])).toBeCloseTo(10);
  });

  it('leaves images without regions to their spacing', () => {
    expect(between({ '00280030': { vr: 'DS', Value: [2, 0.5] } }, [0, 0], [10, 0])).toBe(5);
    expect(measuredRegion([], [[0, 0]])).toBe('outside');
  });
});
