import { describe, expect, it } from 'vitest';

import type { ImageReference } from './display_set';
import { heightAbove, patientPlane, toImagePoint, toPatient } from './patient_space';
import { referenceLine } from './reference_line';

interface Placed {
  readonly position: readonly number[];
  readonly orientation: readonly number[];
  readonly spacing?: readonly [number, number];
  readonly space?: string;
}

function image({ position, orientation, spacing = [1, 1], space = '1.2.3' }: Placed): ImageReference {
  const instance = {
    '00280010': { vr: 'US', Value: [100] }, '00280011': { vr: 'US', Value: [200] },
    '00280030': { vr: 'DS', Value: spacing }, '00200032': { vr: 'DS', Value: position }, '00200037': { vr: 'DS', Value: orientation },
    '00200052': { vr: 'UI', Value: [space] },
  };
  return { instance, sopInstanceUid: '1', frame: 1, frameUrl: '', renderedUrl: '' };
}

function plane(placed: Placed): NonNullable<ReturnType<typeof patientPlane>> {
  const found = patientPlane(image(placed));
  if (!found) throw new Error('no plane');
  return found;
}

const AXIAL = [1, 0, 0, 0, 1, 0];
const SAGITTAL = [0, 1, 0, 0, 0, -1];
const CORONAL = [1, 0, 0, 0, 0, -1];

describe('points of an image in the patient', () => {
  it('counts from the centre of the first pixel, by the spacing of rows and columns', () => {
    const oblique = plane({ position: [10, -20, 30], orientation: [0.8, 0.6, 0, -0.6, 0.8, 0], spacing: [0.5, 0.25] });
    // Column 4.5 and row 2.5 are 4 columns and 2 rows from the centre of the first pixel: 1 mm and 1 mm.
    const point = toPatient(oblique, [4.5, 2.5]);
    [10.2, -18.6, 30].forEach((wanted, axis) => expect(point[axis]).toBeCloseTo(wanted, 10));
    expect(toImagePoint(oblique, point)[0]).toBeCloseTo(4.5, 10);
    expect(heightAbove(oblique, [10, -20, 37])).toBeCloseTo(7, 10);
  });

  it('is not given where the header does not place the image or makes no sense', () => {
    expect(patientPlane(image({ position: [0, 0], orientation: AXIAL }))).toBeNull();
    expect(patientPlane(image({ position: [0, 0, 0], orientation: [1, 0, 0, 1, 0, 0] }))).toBeNull();
  });
});

describe('reference lines', () => {
  // The sagittal image lies at x = 50, from y = 0 to 199 across and from z = 80 down to −19.
  const sagittal = plane({ position: [50, 0, 80], orientation: SAGITTAL });

  it('lie where the axial slice cuts: at z = 30 the sagittal row 50.5, across the slice', () => {
    const axial = plane({ position: [0, 0, 30], orientation: AXIAL });
    const line = referenceLine(axial, sagittal);
    const points = [...(line ?? [])].toSorted((one, other) => one[0] - other[0]);
    // The slice reaches from y = −0.5 to 99.5: columns 0 to 100 of the sagittal image.
    expect(points[0]?.[0]).toBeCloseTo(0, 9);
    expect(points[1]?.[0]).toBeCloseTo(100, 9);
    for (const [, row] of points) expect(row).toBeCloseTo(50.5, 9);
  });

  it('lean as an oblique slice does', () => {
    const oblique = plane({ position: [0, 0, 30], orientation: [1, 0, 0, 0, Math.SQRT1_2, -Math.SQRT1_2] });
    const [from, to] = referenceLine(oblique, sagittal) ?? [[0, 0], [0, 0]];
    expect((to[1] - from[1]) / (to[0] - from[0])).toBeCloseTo(1, 9);
  });

  it('are not drawn between parallel images, in another space, or where they do not meet', () => {
    expect(referenceLine(sagittal, plane({ position: [60, 0, 80], orientation: SAGITTAL }))).toBeNull();
    expect(referenceLine(plane({ position: [0, 0, 30], orientation: AXIAL, space: '9' }), sagittal)).toBeNull();
    expect(referenceLine(plane({ position: [0, 0, 30], orientation: AXIAL, space: '' }), plane({ position: [50, 0, 80], orientation: SAGITTAL, space: '' }))).toBeNull();
    expect(referenceLine(plane({ position: [60, 0, 30], orientation: AXIAL }), sagittal)).toBeNull();
    expect(referenceLine(plane({ position: [0, 400, 0], orientation: CORONAL }), sagittal)).toBeNull();
  });
});
