import { describe, expect, it } from 'vitest';
import { apply } from './affine';
import type { Vector } from './geometry';
import { distanceFrom, mapBetween, type Plane, toPatient, toPlane } from './plane_map';

const axial = (more: Partial<Plane> = {}): Plane => ({
  origin: [-100, -80, 20], right: [1, 0, 0], down: [0, 1, 0], normal: [0, 0, 1], columnSpacing: 0.5, rowSpacing: 0.8, frameOfReference: '1', ...more,
});

describe('planes in the patient', () => {
  it('goes from pixels to millimetres and back', () => {
    const tilted = axial({ right: [0.6, 0.8, 0], down: [-0.8, 0.6, 0] });
    const point = toPatient(tilted, [10.5, 20.5]);
    // The centre of column 10, row 20: 5 mm along the row, 16 mm along the column.
    expect(point.map((part) => Number(part.toFixed(9)))).toEqual([-100 + 0.6 * 5 - 0.8 * 16, -80 + 0.8 * 5 + 0.6 * 16, 20].map((part) => Number(part.toFixed(9))));
    const [x, y] = toPlane(tilted, point);
    expect([x, y].map((part) => Number(part.toFixed(9)))).toEqual([10.5, 20.5]);
    expect(distanceFrom(tilted, [0, 0, 23.5])).toBeCloseTo(3.5);
  });

  it('maps a coarser plane onto the image, turned or not', () => {
    const coarse = axial({ origin: [-99.75, -79.6, 20.1], columnSpacing: 1, rowSpacing: 1.6 });
    const map = mapBetween(coarse, axial());
    // Its first pixel covers the first two by two of the image.
    expect(map && apply(map, [0, 0]).map((part) => Number(part.toFixed(6)))).toEqual([0, 0]);
    expect(map && apply(map, [1, 1]).map((part) => Number(part.toFixed(6)))).toEqual([2, 2]);
    const right: Vector = [0, 1, 0];
    const turned = mapBetween(axial({ right, down: [1, 0, 0], normal: [0, 0, -1], columnSpacing: 0.8, rowSpacing: 0.5 }), axial());
    expect(turned && apply(turned, [3.5, 7.5]).map((part) => Number(part.toFixed(6)))).toEqual([7.5, 3.5]);
  });

  it('refuses another plane, another direction and another frame of reference', () => {
    expect(mapBetween(axial({ origin: [-100, -80, 20.5] }), axial())).toBeNull();
    expect(mapBetween(axial({ down: [0, 0, 1], normal: [0, -1, 0] }), axial())).toBeNull();
    expect(mapBetween(axial({ frameOfReference: '2' }), axial())).toBeNull();
    expect(mapBetween(axial({ frameOfReference: '' }), axial())).not.toBeNull();
  });
});
