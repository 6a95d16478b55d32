/** Where a cell is in the patient, and bringing another cell to a place. */
import { dot, type Vector } from '../../../core/geometry';
import { type PatientPlane, areParallel, heightAbove, middleOf, patientPlane } from '../../../core/patient_space';
import type { DisplaySet } from '../../../core/display_set';
import type { Cell } from '../cell';

/** The plane of the image a cell shows; null when it shows none, or the header does not place it. */
export function planeOfCell(cell: Cell): PatientPlane | null {
  const view = cell.view.value;
  const set = view?.displaySet;
  const image = cell.state.value === 'ready' ? set?.images[view?.index ?? 0] : undefined;
  return image ? patientPlane(image) : null;
}

/** How far apart two images of a stack may lie, so that a point between them still belongs to one of them. */
const FARTHEST_MM = 15;

interface Nearest {
  readonly index: number;
  /** Millimetres from the point to that image. */
  readonly away: number;
}

function nearest(set: DisplaySet, heightOf: (plane: PatientPlane) => number | null): Nearest | null {
  let found: Nearest | null = null;
  set.images.forEach((image, index) => {
    const plane = patientPlane(image);
    const height = plane ? heightOf(plane) : null;
    if (height !== null && (found === null || Math.abs(height) < found.away)) found = { index, away: Math.abs(height) };
  });
  return found;
}

/** The image of a stack through (or next to) a point in the same space; null when the stack does not reach it. */
export function imageAt(set: DisplaySet, frameOfReference: string, point: Vector): number | null {
  if (frameOfReference === '') return null;
  const found = nearest(set, (plane) => (plane.frameOfReference === frameOfReference ? heightAbove(plane, point) : null));
  return found && found.away <= FARTHEST_MM ? found.index : null;
}

/** Places along the normal of `plane`, in its own space. */
export function placeAlong(plane: PatientPlane): number {
  return dot(middleOf(plane), plane.normal);
}

/** The image of a parallel stack in another space that lies at a place along the same normal. */
export function imageAlong(set: DisplaySet, from: PatientPlane, place: number): number | null {
  const found = nearest(set, (plane) => (areParallel(plane, from) ? dot(middleOf(plane), from.normal) - place : null));
  return found && found.away <= FARTHEST_MM ? found.index : null;
}
