import { describe, expect, it } from 'vitest';

import { apply } from '../../../core/affine';
import type { ImageReference } from '../../../core/display_set';
import { asInCell, trueSize, whole } from './placed';

const FITTED = { rotation: 0, flipped: false, magnification: 1, centre: null } as const;

function image(columns: number, rows: number, spacing: readonly number[] | null): ImageReference {
  const instance = {
    '00280010': { vr: 'US', Value: [rows] }, '00280011': { vr: 'US', Value: [columns] }, '00280100': { vr: 'US', Value: [16] },
    '00280101': { vr: 'US', Value: [12] }, '00280102': { vr: 'US', Value: [11] }, '00280103': { vr: 'US', Value: [0] },
    '00280002': { vr: 'US', Value: [1] }, '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
    ...(spacing ? { '00280030': { vr: 'DS', Value: [...spacing] } } : {}),
  };
  return { sopInstanceUid: '1.2', frame: 1, frameUrl: '/', instance } as unknown as ImageReference;
}

describe('true size', () => {
  it('makes a millimetre of the patient a millimetre of paper, both ways, with pixels that are not square', () => {
    const placed = trueSize(image(200, 100, [0.8, 0.4]), FITTED, { width: 190, height: 230 }, 12);
    expect(placed?.field).toEqual({ width: 80, height: 80 });
    expect(placed?.cut).toBe(false);
    if (!placed) return;
    const [left, right] = [apply(placed.map, [50, 50]), apply(placed.map, [150, 50])];
    expect((right[0] - left[0]) / 12).toBeCloseTo(40, 6); // 100 columns of 0.4 mm
    const [top, bottom] = [apply(placed.map, [50, 20]), apply(placed.map, [50, 70])];
    expect((bottom[1] - top[1]) / 12).toBeCloseTo(40, 6); // 50 rows of 0.8 mm
  });

  it('keeps the scale of an image that is larger than the paper, and says that it is cut', () => {
    const placed = trueSize(image(3000, 2500, [0.14, 0.14]), { ...FITTED, rotation: 90, centre: [100, 200] }, { width: 190, height: 230 }, 10);
    expect(placed?.cut).toBe(true);
    expect(placed?.field).toEqual({ width: 190, height: 230 });
    if (!placed) return;
    const [one, other] = [apply(placed.map, [0, 0]), apply(placed.map, [1000, 0])];
    expect(Math.hypot(other[0] - one[0], other[1] - one[1]) / 10).toBeCloseTo(140, 6);
    const centre = apply(placed.map, [100, 200]);
    expect(centre[0]).toBeCloseTo(950, 6);
    expect(centre[1]).toBeCloseTo(1150, 6);
  });

  it('is refused where nothing says how large a pixel is', () => {
    expect(trueSize(image(200, 100, null), FITTED, { width: 190, height: 230 }, 12)).toBeNull();
  });
});

describe('a picture', () => {
  it('of a whole image has its own pixels, turned, with a height that follows the aspect', () => {
    const placed = whole({ width: 2000, height: 1000 }, 1.5, { ...FITTED, rotation: 90 });
    expect(placed.size).toEqual({ width: 1500, height: 2000 });
    const [x, y] = apply(placed.map, [0, 0]);
    expect(x).toBeCloseTo(1500);
    expect(y).toBeCloseTo(0);
  });

  it('of a small image is enlarged by a whole factor', () => {
    expect(whole({ width: 512, height: 512 }, 1, FITTED).size).toEqual({ width: 1024, height: 1024 });
    expect(whole({ width: 64, height: 32 }, 1, FITTED).size).toEqual({ width: 1024, height: 512 });
  });

  it('of a cell has the shape of the cell', () => {
    const placed = asInCell({ width: 400, height: 200 }, { a: 2, b: 0, c: 0, d: 2, e: 5, f: 6 });
    expect(placed.size).toEqual({ width: 1600, height: 800 });
    expect(placed.map).toMatchObject({ a: 8, d: 8, e: 20, f: 24 });
  });
});
