/** How an image stands in its cell: turned, mirrored, and how much of it is seen (cf. PS3.3 C.10.6 and C.10.4). */
import type { Point } from './geometry';

/** The same in both renderers, whatever the size of the cell, so that it can be kept, sent and put back. */
export interface Presentation {
  /** Degrees clockwise, after the mirroring. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Mirrored left to right, before the rotation. */
  readonly flipped: boolean;
  /** 1 where the whole image just fits the cell. */
  readonly magnification: number;
  /** The point of the image (image coordinates) in the middle of the cell; null: the middle of the image. */
  readonly centre: Point | null;
}

export const FITTED_PRESENTATION: Presentation = { rotation: 0, flipped: false, magnification: 1, centre: null };
