/** A straight length between two points of the patient, and the images it was measured in (PS3.3 C.18.9). */
import type { DisplaySet } from '../display_set';
import { indexOf, type VolumeGrid } from './grid';
import { distanceBetween, type Vector } from './vector';

export interface SpatialLength {
  readonly id: string;
  /** Where the points are places: in every volume of this frame of reference. Empty: only in the images it was measured in. */
  readonly frameOfReferenceUid: string;
  /** In mm of the patient. */
  readonly from: Vector;
  readonly to: Vector;
  readonly millimetres: number;
  /** SOP Instance UIDs of the images nearest to its ends. */
  readonly sources: readonly string[];
}

/** The image whose slice is nearest to a point. */
function nearest(grid: VolumeGrid, { images }: DisplaySet, point: Vector): string {
  const [, , slot] = indexOf(grid, point);
  let best = { uid: '', away: Number.POSITIVE_INFINITY };
  images.forEach(({ sopInstanceUid: uid }, at) => {
    const away = Math.abs((grid.slotOf[at] ?? 0) - slot);
    if (away < best.away) best = { uid, away };
  });
  return best.uid;
}

/** The length between two points of a volume. */
export function spatialLength(id: string, grid: VolumeGrid, set: DisplaySet, from: Vector, to: Vector): SpatialLength {
  const sources = [...new Set([nearest(grid, set, from), nearest(grid, set, to)])];
  return { id, frameOfReferenceUid: grid.frameOfReferenceUid, from, to, millimetres: distanceBetween(from, to), sources };
}

/** Whether its points are places of this volume. */
export function isIn(length: SpatialLength, grid: VolumeGrid, set: DisplaySet): boolean {
  if (length.frameOfReferenceUid !== grid.frameOfReferenceUid) return false;
  return grid.frameOfReferenceUid !== '' || set.images.some(({ sopInstanceUid }) => length.sources.includes(sopInstanceUid));
}
