import { describe, expect, it } from 'vitest';
import type { GrayscaleParameters } from '../grayscale';
import type { PixelFormat } from '../pixel_format';
import type { VolumeGrid } from './grid';
import { MISSING, OUTSIDE, type PlaneRequest, resample, Sampler, slabOffsets } from './resample';
import { NO_VALUE, texture } from './texture';
import { TooLargeError, Voxels } from './voxels';

const format: PixelFormat = {
  rows: 3, columns: 4, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 16, highBit: 15, signed: true, photometric: 'MONOCHROME2', planar: false, float: false,
};

function parameters(more: Partial<GrayscaleParameters> = {}): GrayscaleParameters {
  return { format, modality: { kind: 'linear', slope: 1, intercept: 0 }, unit: 'HU', windows: [], voiTable: null, inverse: false, padding: null, ...more };
}

const COUNT = 5;
/** Linear in all three directions, so that trilinear values are known without calculating them the same way. */
const known = (column: number, row: number, slot: number): number => 10 * column - 7 * row + 100 * slot - 50;

function filled(skip: readonly number[] = [], more: Partial<GrayscaleParameters> = {}): Voxels {
  const voxels = new Voxels(4, 3, COUNT, 10_000);
  for (let slot = 0; slot < COUNT; slot += 1) {
    if (skip.includes(slot)) continue;
    const pixels = Uint16Array.from({ length: 12 }, (_, at) => known(at % 4, Math.floor(at / 4), slot) & 0xffff);
    voxels.fill(slot, pixels, parameters(more));
  }
  return voxels;
}

const grid: VolumeGrid = {
  columns: 4, rows: 3, slots: COUNT, origin: [100, 200, 300], toColumn: [0.5, 0, 0], toRow: [0, 0.7, 0], toSlot: [0, 0.4, 2],
  slotOf: [0, 1, 2, 3, 4], missing: 0, tilt: 0, frameOfReferenceUid: '1',
};

describe('Sampler', () => {
  it('is exact between voxels', () => {
    const sampler = new Sampler(filled());
    for (const [x, y, z] of [[0, 0, 0], [1.25, 0.5, 2.75], [3, 2, 4], [2.9, 1.9, 3.9]] as const) {
      expect(sampler.at(x, y, z)).toBeCloseTo(known(x, y, z), 9);
    }
  });

  it('lets a voxel reach half a step and no further', () => {
    const sampler = new Sampler(filled());
    expect(sampler.at(-0.5, 0, 0)).toBe(known(0, 0, 0));
    expect(sampler.at(0, 0, 4.4)).toBe(known(0, 0, 4));
    expect(sampler.at(-0.51, 0, 0)).toBe(OUTSIDE);
    expect(sampler.at(0, 2.51, 0)).toBe(OUTSIDE);
    expect(sampler.at(0, 0, Number.NaN)).toBe(OUTSIDE);
  });

  it('invents nothing where a slice is missing', () => {
    const sampler = new Sampler(filled([2]));
    expect(sampler.at(1, 1, 2)).toBe(MISSING);
    expect(sampler.at(1, 1, 1.6)).toBe(MISSING);
    expect(sampler.at(1, 1, 2.4)).toBe(MISSING);
    expect(sampler.at(1, 1, 1.4)).toBe(known(1, 1, 1));
    expect(sampler.at(1, 1, 2.5)).toBe(known(1, 1, 3));
    expect(sampler.at(1, 1, 0.5)).toBeCloseTo(known(1, 1, 0.5), 9);
  });

  it('waits for a slice that is still to come', () => {
    const voxels = filled([2]);
    voxels.expect([2]);
    expect(new Sampler(voxels).at(1, 1, 2)).toBeNaN();
    voxels.lose(2);
    expect(new Sampler(voxels).at(1, 1, 2)).toBe(MISSING);
  });

  it('keeps padding out of its neighbours', () => {
    const voxels = filled([], { padding: { low: known(0, 0, 0), high: known(0, 0, 0) } });
    const sampler = new Sampler(voxels);
    expect(sampler.at(0.4, 0, 0)).toBeNaN();
    expect(sampler.at(0.6, 0, 0)).toBe(known(1, 0, 0));
  });

  it('holds values that are no whole numbers as floats, padding too', () => {
    const voxels = filled();
    const slope: GrayscaleParameters['modality'] = { kind: 'linear', slope: 0.25, intercept: 0 };
    voxels.fill(1, new Uint16Array(12).fill(7), parameters({ modality: slope, padding: null }));
    expect(voxels.values).toBeInstanceOf(Float32Array);
    expect(new Sampler(voxels).at(1, 1, 1)).toBe(1.75);
    expect(new Sampler(voxels).at(1, 1, 3.5)).toBeCloseTo(known(1, 1, 3.5), 9);
  });

  it('refuses more memory than there may be', () => {
    expect(() => new Voxels(4, 3, COUNT, 100)).toThrow(TooLargeError);
    const tight = new Voxels(4, 3, COUNT, 200);
    expect(() => tight.fill(0, new Uint16Array(12).fill(3), parameters({ modality: { kind: 'linear', slope: 0.5, intercept: 0 } }))).toThrow(TooLargeError);
  });
});

describe('resample', () => {
  const request = (more: Partial<PlaneRequest>): PlaneRequest => ({
    columns: 3, rows: 2, origin: [100, 200, 300], toColumn: [0.5, 0, 0], toRow: [0, 0.4, 2], slab: 'thin', thickness: 0, normal: [0, 1, 0], ...more,
  });

  it('follows the slices of a sheared volume', () => {
    expect([...resample(filled(), grid, request({}))]).toEqual([0, 1, 2, 0, 1, 2].map((column, at) => Math.fround(known(column, 0, at < 3 ? 0 : 1))));
  });

  it('takes the largest, the smallest and the mean through a slab', () => {
    // Along a slot step from slot 2: values rise evenly, by 100 a slot.
    const through = Math.hypot(0.4, 2);
    const normal = [0, 0.4 / through, 2 / through] as const;
    const at = { columns: 1, rows: 1, origin: [100, 200.8, 304] as const, normal, thickness: 2 * through };
    const one = (slab: PlaneRequest['slab']): number => resample(filled(), grid, request({ ...at, slab }))[0] ?? Number.NaN;
    expect(one('average')).toBeCloseTo(known(0, 0, 2), 4);
    expect(one('maximum')).toBeGreaterThan(known(0, 0, 2.7));
    expect(one('maximum')).toBeLessThanOrEqual(known(0, 0, 3));
    expect(one('minimum')).toBeLessThan(known(0, 0, 1.3));
    expect(resample(filled([3]), grid, request({ ...at, slab: 'maximum' }))[0]).toBe(MISSING);
  });

  it('samples a slab evenly about its middle', () => {
    expect(slabOffsets(0, 1)).toEqual([0]);
    expect(slabOffsets(4, 1)).toEqual([-1.5, -0.5, 0.5, 1.5]);
    expect(slabOffsets(1e9, 1)).toHaveLength(512);
  });
});

describe('texture', () => {
  it('is the mean of what falls together', () => {
    const made = texture(filled([4]), 2);
    expect(made.size).toEqual({ columns: 2, rows: 2, slots: 2 });
    expect(made.values[0]).toBeCloseTo(known(0.5, 0.5, 1), 3);
    expect(texture(filled([3, 4]), 2).values.at(-1)).toBe(NO_VALUE);
  });
});
