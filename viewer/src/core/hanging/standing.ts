/** Turning an image so that the patient stands as wanted, and laying it at an edge of its cell. */
import { type Affine, apply, inverse } from '../affine';
import { type EdgeLetters, type Point, turnLetters } from '../geometry';
import type { Presentation } from '../presentation';

type Turn = Pick<Presentation, 'rotation' | 'flipped'>;

/** The untouched one first: nothing is turned that already stands right. */
const TURNS: readonly Turn[] = [false, true].flatMap((flipped) => ([0, 180, 90, 270] as const).map((rotation) => ({ rotation, flipped })));

/** Letters at the edges of the screen when an image is mirrored left to right (when `flipped`), then turned clockwise. */
export function turnedLetters(edges: EdgeLetters, { rotation, flipped }: Turn): EdgeLetters {
  const quarters = rotation / 90;
  return turnLetters(edges, flipped ? -quarters : quarters, flipped, false);
}

/** True when the strongest letter is the one wanted, or (`anywhere`) any of them: an oblique view leans. Nothing wanted is always right. */
function shows(letters: string, wanted: string | undefined, anywhere: boolean): boolean {
  return wanted === undefined || (anywhere ? letters.includes(wanted) : letters.startsWith(wanted));
}

/** The turn after which the patient's directions are at the edges wanted; null when the header does not tell, or no turn does it. */
export function turnFor(edges: EdgeLetters, wanted: { readonly right?: string | undefined; readonly bottom?: string | undefined }): Turn | null {
  const found = (anywhere: boolean): Turn | undefined => TURNS.find((turn) => {
    const letters = turnedLetters(edges, turn);
    return shows(letters.right, wanted.right, anywhere) && shows(letters.bottom, wanted.bottom, anywhere);
  });
  return found(false) ?? found(true) ?? null;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The image point that has to be in the middle of the cell for the image to lie at an edge of it; `image` in pixels. */
export function centreAtEdge(placement: Affine, image: { readonly columns: number; readonly rows: number }, cell: Size, edge: 'left' | 'right'): Point {
  const corners = ([[0, 0], [image.columns, 0], [0, image.rows], [image.columns, image.rows]] as const).map((corner) => apply(placement, corner)[0]);
  const shift = edge === 'left' ? -Math.min(...corners) : cell.width - Math.max(...corners);
  return apply(inverse(placement), [cell.width / 2 - shift, cell.height / 2]);
}

/** Magnifications (1: fitted) at which a millimetre is equally long everywhere and every image still fits; `fitted` in pixels to the mm. */
export function sameScale(fitted: readonly number[]): readonly number[] {
  const least = Math.min(...fitted);
  return fitted.map((one) => least / one);
}
