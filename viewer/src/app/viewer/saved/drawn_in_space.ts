/** Between a length in a volume and what is saved of it. */
import type { SpatialLength } from '../../../core/volume/spatial_length';
import { distanceBetween } from '../../../core/volume/vector';
import type { SavedLength } from './api';
import { idOf, uuidOf } from './identity';

/** What has to be the same for two lengths to be the same: coordinates are saved in single precision (PS3.3 C.18.9, FL). */
export function keyOfLength({ frameOfReferenceUid, from, to }: Pick<SpatialLength, 'frameOfReferenceUid' | 'from' | 'to'>): string {
  return JSON.stringify([frameOfReferenceUid, ...[...from, ...to].map(Math.fround)]);
}

/** A length as it is saved. */
export function toSavedLength(one: SpatialLength): SavedLength {
  return {
    id: uuidOf(one.id), frame_of_reference_uid: one.frameOfReferenceUid, from: one.from, to: one.to, millimetres: one.millimetres,
    sources: one.sources,
  };
}

/** A saved length as it is put back: its number is the distance of its points. */
export function fromSavedLength(one: SavedLength, id = idOf(one.id)): SpatialLength {
  return {
    id, frameOfReferenceUid: one.frame_of_reference_uid, from: one.from, to: one.to, millimetres: distanceBetween(one.from, one.to),
    sources: one.sources,
  };
}
