/** `/api/studies/{study}/saved`: what is saved in a study, and saving more. */
import type { Point } from '../../../core/geometry';
import type { Presentation } from '../../../core/presentation';
import type { Voi } from '../../../core/viewport';
import type { Vector } from '../../../core/volume/vector';
import { json } from '../../api';

export interface SavedEntry {
  readonly kind: 'measurements' | 'view' | 'key_images';
  readonly sop_instance_uid: string;
  readonly series_instance_uid: string;
  /** ISO 8601; without an offset where the object tells none; null where it tells no time. */
  readonly at: string | null;
  readonly by: string;
  /** Saved here by this account. */
  readonly own: boolean;
  /** Of key images: a code of CID 7010, empty where it is another one. */
  readonly title: string;
  readonly name: string;
  readonly count: number;
  /** A later state of it is saved too. */
  readonly superseded: boolean;
  /** Of another patient than an image it speaks of: nothing of it is shown. */
  readonly of_another: boolean;
}

/** A number that was measured; null: none could be. */
export interface SavedValue {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly meaning?: string;
}

/** A drawing in image coordinates; besides the kinds of drawing, `polyline`, `outline`, `point` and `label` are shapes of others. */
export interface SavedDrawing {
  readonly id: string;
  readonly kind: string;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly points: readonly Point[];
  readonly text: string;
  readonly label: string;
  readonly values: readonly SavedValue[];
  readonly manual_spacing: readonly [number, number] | null;
}

/** A straight length between two points of the patient, in mm (SCOORD3D). */
export interface SavedLength {
  readonly id: string;
  readonly frame_of_reference_uid: string;
  readonly from: Vector;
  readonly to: Vector;
  readonly millimetres: number;
  /** SOP Instance UIDs of the images it was measured in; others may name none. */
  readonly sources: readonly string[];
}

export interface SavedLook extends Presentation {
  readonly window: Voi | null;
  readonly inverted: boolean;
}

export interface SavedImage {
  readonly sop_instance_uid: string;
  /** Null: all frames. */
  readonly frame: number | null;
}

export interface SavedContent extends SavedEntry {
  readonly drawings: readonly SavedDrawing[];
  readonly lengths: readonly SavedLength[];
  readonly images: readonly SavedImage[];
  readonly look: SavedLook | null;
  /** What of a view cannot be shown here. */
  readonly unsupported: readonly string[];
  readonly meaning?: string;
  readonly note?: string;
}

interface Wanted {
  /** The same one sent again is kept once. */
  readonly id: string;
  readonly language: string;
}

export type SaveRequest = Wanted & (
  | {
    readonly kind: 'measurements'; readonly drawings: readonly SavedDrawing[]; readonly lengths: readonly SavedLength[];
    readonly replaces: readonly string[];
  }
  | {
    readonly kind: 'view'; readonly name: string; readonly sop_instance_uid: string; readonly frame: number;
    readonly look: SavedLook; readonly drawings: readonly SavedDrawing[];
  }
  | { readonly kind: 'key_images'; readonly title: string; readonly note: string; readonly images: readonly SavedImage[] }
);

function address(study: string): string {
  return `/api/studies/${encodeURIComponent(study)}/saved`;
}

export async function listSaved(study: string): Promise<readonly SavedEntry[]> {
  return (await json<{ readonly saved: readonly SavedEntry[] }>(address(study))).saved;
}

export function readSaved(study: string, sopInstanceUid: string): Promise<SavedContent> {
  return json<SavedContent>(`${address(study)}/${encodeURIComponent(sopInstanceUid)}`);
}

export function save(study: string, wanted: SaveRequest): Promise<SavedEntry> {
  return json<SavedEntry>(address(study), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(wanted),
  });
}
