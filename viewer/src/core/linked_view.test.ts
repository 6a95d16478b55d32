import { describe, expect, it } from 'vitest';

import type { Vector } from './geometry';
import { followed, type SeenImage } from './linked_view';
import type { PatientPlane } from './patient_space';
import { FITTED_PRESENTATION } from './presentation';

function plane(spacing: number, size: number, origin: Vector, frameOfReference = 'one'): PatientPlane {
  return {
    frameOfReference, origin, alongRow: [1, 0, 0], alongColumn: [0, 1, 0], normal: [0, 0, 1],
    rowSpacing: spacing, columnSpacing: spacing, rows: size, columns: size,
  };
}

function seen(where: PatientPlane | null, size: number, presentation = FITTED_PRESENTATION, width = 400): SeenImage {
  return { plane: where, shape: { columns: size, rows: size, aspect: 1 }, presentation, cell: { width, height: 400 } };
}

describe('zooming and moving together', () => {
  it('shows the same place and equally long millimetres in one space, whatever pixels and cells are', () => {
    const now = seen(plane(1, 100, [0, 0, 0]), 100, { ...FITTED_PRESENTATION, magnification: 2, centre: [30.5, 40.5] });
    const next = followed(FITTED_PRESENTATION, now, seen(plane(0.5, 100, [10, 20, 5]), 100, FITTED_PRESENTATION, 200));
    // The place (30, 40) mm is 20 mm and 20 mm from the other's first pixel: 40 of its pixels each.
    expect(next.centre).toEqual([40.5, 40.5]);
    // 2 × 4 CSS pixels a millimetre: 4 a pixel of half a millimetre, which fits with 2.
    expect(next.magnification).toBe(2);
  });

  it('keeps the distance between two spaces: as much larger, as many millimetres further', () => {
    const before = { ...FITTED_PRESENTATION, magnification: 2, centre: [50, 50] as const };
    const now = seen(plane(1, 100, [0, 0, 0]), 100, { ...before, magnification: 3, centre: [60, 45] as const });
    const other = seen(plane(0.5, 200, [7, 7, 7], 'prior'), 200, { ...FITTED_PRESENTATION, magnification: 1.5, centre: [100, 100] });
    expect(followed(before, now, other)).toMatchObject({ magnification: 2.25, centre: [120, 90] });
  });

  it('only enlarges what lies in another direction, or nowhere that is known', () => {
    const now = seen(plane(1, 100, [0, 0, 0]), 100, { ...FITTED_PRESENTATION, magnification: 2, centre: [1, 1] });
    const other = seen(null, 64, { ...FITTED_PRESENTATION, centre: [3, 4], rotation: 90 });
    expect(followed(FITTED_PRESENTATION, now, other)).toEqual({ rotation: 90, flipped: false, magnification: 2, centre: [3, 4] });
  });
});
