import { describe, expect, it } from 'vitest';
import type { DicomElement, DicomInstance, ImageReference } from './display_set';
import { doseAt, doseGrid, doseOn, doseRefusal } from './dose';
import { labColour, scaleColour } from './layer_colour';
import { membership, segmentRgba, SegmentationPlaces, segments } from './segmentation';
import { StructurePlaces, structures } from './structure_set';

const el = (vr: string, ...Value: readonly unknown[]): DicomElement => ({ vr, Value });
const sq = (...Value: readonly DicomInstance[]): DicomElement => ({ vr: 'SQ', Value });
const FRAME = '1.9';

function slice(z: number, more: DicomInstance = {}): ImageReference {
  const instance: DicomInstance = {
    '00080018': el('UI', `1.${z}`), '00200052': el('UI', FRAME), '00280010': el('US', 20), '00280011': el('US', 30),
    '00200032': el('DS', -10, -20, z), '00200037': el('DS', 1, 0, 0, 0, 1, 0), '00280030': el('DS', 0.5, 0.5), ...more,
  };
  return { instance, sopInstanceUid: `1.${z}`, frame: 1, frameUrl: '', renderedUrl: '' };
}

describe('a segmentation (PS3.3 C.8.20)', () => {
  const frame = (segment: number, z: number): DicomInstance => ({
    '00209113': sq({ '00200032': el('DS', -10, -20, z) }), '0062000A': sq({ '0062000B': el('US', segment) }),
  });
  const instance: DicomInstance = {
    '00200052': el('UI', FRAME), '00620001': el('CS', 'BINARY'), '00280010': el('US', 10), '00280011': el('US', 15), '00280008': el('IS', 3),
    '00620002': sq(
      { '00620004': el('US', 1), '00620005': el('LO', 'Gan'), '00620008': el('CS', 'MANUAL') },
      { '00620004': el('US', 2), '00620005': el('LO', 'U'), '00620008': el('CS', 'AUTOMATIC'), '00620009': el('LO', 'Máy 1') },
    ),
    '52009229': sq({ '00209116': sq({ '00200037': el('DS', 1, 0, 0, 0, 1, 0) }), '00289110': sq({ '00280030': el('DS', 1, 1) }) }),
    '52009230': sq(frame(1, 0), frame(1, 5), frame(2, 5)),
  };

  it('names its segments and who drew them', () => {
    expect(segments(instance).map(({ number, label, algorithm }) => [number, label, algorithm])).toEqual([[1, 'Gan', null], [2, 'U', 'Máy 1']]);
  });

  it('lies on the images of its planes, at its own size', () => {
    const places = new SegmentationPlaces(instance);
    expect(places.on(slice(5)).map(({ segment, image }) => [segment, image.frame])).toEqual([[1, 2], [2, 3]]);
    expect(places.on(slice(0))[0]?.toImage).toEqual({ a: 2, b: 0, c: 0, d: 2, e: -0.5, f: -0.5 });
    expect(places.on(slice(2.5))).toEqual([]);
    expect(places.on(slice(5, { '00200052': el('UI', 'other') }))).toEqual([]);
  });

  it('paints what is set, as dense as its fraction', () => {
    const [first] = segments(instance);
    if (!first) throw new Error('no segment');
    expect([...(segmentRgba(Uint8Array.of(0, 1), first, membership(instance, first)) ?? [])]).toEqual([0, 0, 0, 0, ...first.colour, 255]);
    expect(segmentRgba(Uint8Array.of(0, 0), first, membership(instance, first))).toBeNull();
    const fractional = { ...instance, '00620001': el('CS', 'FRACTIONAL'), '0062000E': el('US', 200) };
    expect(membership(fractional, first)(100)).toBe(0.5);
    const labels = { ...instance, '00620001': el('CS', 'LABELMAP') };
    expect([0, 1, 2].map(membership(labels, first))).toEqual([0, 1, 0]);
  });
});

describe('a structure set (PS3.3 C.8.8.6)', () => {
  const contour = (z: number): DicomInstance => ({
    '30060042': el('CS', 'CLOSED_PLANAR'), '30060050': el('DS', -10, -20, z, -9, -20, z, -9, -19, z),
  });
  const instance: DicomInstance = {
    '30060020': sq({ '30060022': el('IS', 7), '30060026': el('LO', 'PTV'), '30060024': el('UI', FRAME), '30060036': el('CS', 'MANUAL') }),
    '30060039': sq({ '30060084': el('IS', 7), '3006002A': el('IS', 255, 0, 0), '30060040': sq(contour(0), contour(5.1)) }),
  };

  it('knows names and colours', () => {
    expect(structures(instance)).toEqual([{ number: 7, name: 'PTV', colour: [255, 0, 0], frameOfReference: FRAME, algorithm: null }]);
  });

  it('draws a contour on the image of its plane, in pixels of the image', () => {
    const places = new StructurePlaces(instance);
    expect(places.on(slice(0)).map(({ path }) => path)).toEqual(['M0.500 0.500L2.500 0.500L2.500 2.500Z']);
    expect(places.on(slice(5)).length).toBe(1);
    expect(places.on(slice(2))).toEqual([]);
    expect(places.on(slice(0, { '00200052': el('UI', 'other') }))).toEqual([]);
  });
});

describe('a dose (PS3.3 C.8.8.3)', () => {
  const instance: DicomInstance = {
    '00200052': el('UI', FRAME), '00280010': el('US', 2), '00280011': el('US', 3), '00280008': el('IS', 2), '00200032': el('DS', 0, 0, 0),
    '00200037': el('DS', 1, 0, 0, 0, 1, 0), '00280030': el('DS', 10, 10), '3004000C': el('DS', 0, 5), '3004000E': el('DS', 0.01), '30040002': el('CS', 'GY'),
  };
  /** Stored: 100·column + 1000·row + 10000·frame, so Gy = x/10 + y + 20z with x, y in cells and z in half frames. */
  const frames = [0, 1].map((at) => [0, 1].flatMap((row) => [0, 1, 2].map((column) => 100 * column + 1000 * row + 10_000 * at)));
  const grid = doseGrid(instance, frames);

  it('is in Gy, between its cells as well', () => {
    expect(grid).toMatchObject({ maximum: 112, unit: 'Gy' });
    expect(doseAt(grid, [10, 0, 0])).toBeCloseTo(1, 5);
    expect(doseAt(grid, [5, 2.5, 1.25])).toBeCloseTo(0.5 + 2.5 + 25, 4);
    expect(doseAt(grid, [20, 10, 5])).toBeCloseTo(112, 4);
  });

  it('is nothing outside of its grid', () => {
    for (const point of [[-0.1, 0, 0], [20.1, 0, 0], [0, 0, 5.1], [0, -1, 2]] as const) expect(doseAt(grid, point)).toBeNaN();
  });

  it('does not depend on the order of its frames', () => {
    const turned = doseGrid({ ...instance, '00200032': el('DS', 0, 0, 5), '3004000C': el('DS', 0, -5) }, frames.toReversed());
    expect(doseAt(turned, [5, 2.5, 1.25])).toBeCloseTo(28, 4);
  });

  it('lies on the pixels of an image', () => {
    const found = doseOn(grid, slice(2.5, { '00200032': el('DS', 0, 0, 2.5), '00280030': el('DS', 5, 5), '00280010': el('US', 2), '00280011': el('US', 4) }), 4, 2);
    expect([...(found ?? [])].map((one) => Number(one.toFixed(3)))).toEqual([50, 50.5, 51, 51.5, 55, 55.5, 56, 56.5]);
    expect(doseOn(grid, slice(0, { '00200052': el('UI', 'other') }), 2, 2)).toBeNull();
  });

  it('is refused without scale or places', () => {
    expect(doseRefusal(instance)).toBeNull();
    expect(doseRefusal({ ...instance, '3004000E': el('DS') })).toBe('scaling');
    expect(doseRefusal({ ...instance, '3004000C': el('DS', 0, 5, 10) })).toBe('geometry');
    expect(doseRefusal({ ...instance, '00280010': el('US', 60_000), '00280011': el('US', 60_000) })).toBe('size');
  });
});

describe('colours', () => {
  it('turns CIELab into sRGB', () => {
    const encoded = (l: number, a: number, b: number) => labColour([(l / 100) * 65_535, ((a + 128) / 255) * 65_535, ((b + 128) / 255) * 65_535]);
    expect(encoded(100, 0, 0)).toEqual([255, 255, 255]);
    const [red, green, blue] = encoded(54.29, 80.81, 69.89);
    expect(Math.max(Math.abs(red - 255), green, blue)).toBeLessThanOrEqual(2);
  });

  it('has a scale that only grows brighter', () => {
    const light = [0, 0.2, 0.4, 0.6, 0.8, 1].map((part) => scaleColour(part)).map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
    expect(light).toEqual(light.toSorted((a, b) => a - b));
  });
});
