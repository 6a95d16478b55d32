/** Turning an image so that the patient stands as wanted, and laying it at an edge of its cell. */
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

/** An image to be laid into a cell; `aspect` is the height of a pixel by its width. */
export interface Shape {
  readonly columns: number;
  readonly rows: number;
  readonly aspect: number;
}

/** Width and height of the image as it is turned, in columns of it. */
function extent({ columns, rows, aspect }: Shape, { rotation }: Turn): Size {
  const [width, height] = [columns, rows * aspect];
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** CSS pixels from one column to the next when the whole image fits the cell. */
export function fittedZoom(image: Shape, turn: Turn, cell: Size): number {
  const { width, height } = extent(image, turn);
  return Math.min(cell.width / width, cell.height / height);
}

/**
 * The image point that has to be in the middle of the cell for the image to lie at an edge of it. Reckoned from the size
 * of the cell alone: while a layout changes, what is drawn in it is still as large as before.
 * @param zoom CSS pixels from one column to the next
 */
export function centreAtEdge(image: Shape, turn: Turn, zoom: number, cell: Pick<Size, 'width'>, edge: 'left' | 'right'): Point {
  // From the middle of the image towards the side that is cut or left empty, in columns of the screen's direction.
  const inward = (cell.width / zoom - extent(image, turn).width) / 2;
  const right = edge === 'right' ? -inward : inward;
  const [x, y] = ([[right, 0], [0, -right], [-right, 0], [0, right]] as const)[turn.rotation / 90] ?? [right, 0];
  return [image.columns / 2 + (turn.flipped ? -x : x), image.rows / 2 + y / image.aspect];
}

/** Magnifications (1: fitted) at which a millimetre is equally long everywhere and every image still fits; `fitted` in pixels to the mm. */
export function sameScale(fitted: readonly number[]): readonly number[] {
  const least = Math.min(...fitted);
  return fitted.map((one) => least / one);
}
