/** How an image lies in its cell: fitted, then zoomed, moved, turned by quarters and flipped. Plain affine maths. */
import { type Affine, apply, compose, inverse, scaling } from '../core/affine';
import type { Point } from '../core/geometry';
import type { Presentation } from '../core/presentation';

export { type Affine, apply, compose, inverse, scaling };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What the user changed; `zoom` is a factor of the fitting size, `pan` in CSS pixels. */
export interface View {
  readonly zoom: number;
  readonly pan: Point;
  /** Clockwise, 0–3. */
  readonly quarterTurns: number;
  /** Of what is seen, after turning. */
  readonly flippedHorizontally: boolean;
  readonly flippedVertically: boolean;
}

export const FITTED: View = { zoom: 1, pan: [0, 0], quarterTurns: 0, flippedHorizontally: false, flippedVertically: false };

const SMALLEST_ZOOM = 0.05;
const LARGEST_ZOOM = 100;

/** CSS pixels a column of the image takes when the whole image just fits; `aspect` is the height of a pixel by its width. */
export function fittingScale(image: Size, aspect: number, cell: Size, quarterTurns: number): number {
  const [width, height] = quarterTurns % 2 === 0 ? [image.width, image.height * aspect] : [image.height * aspect, image.width];
  return Math.max(Math.min(cell.width / width, cell.height / height), 1e-6);
}

/** From image coordinates (column, row; 0,0 the outer corner of the first pixel) to CSS pixels of the cell. */
export function imageToCell(view: View, image: Size, aspect: number, cell: Size): Affine {
  const scale = fittingScale(image, aspect, cell, view.quarterTurns) * view.zoom;
  const [cos, sin] = ([[1, 0], [0, 1], [-1, 0], [0, -1]] as const)[view.quarterTurns] ?? [1, 0];
  const [right, down] = [view.flippedHorizontally ? -1 : 1, view.flippedVertically ? -1 : 1];
  const [a, b] = [right * cos * scale, down * sin * scale];
  const [c, d] = [right * -sin * scale * aspect, down * cos * scale * aspect];
  const [x, y] = [image.width / 2, image.height / 2];
  return { a, b, c, d, e: cell.width / 2 + view.pan[0] - a * x - c * y, f: cell.height / 2 + view.pan[1] - b * x - d * y };
}

/** The cell has another size: the same image point stays in its middle. */
export function resized(view: View, image: Size, aspect: number, before: Size, after: Size): View {
  const change = fittingScale(image, aspect, after, view.quarterTurns) / fittingScale(image, aspect, before, view.quarterTurns);
  return { ...view, pan: [view.pan[0] * change, view.pan[1] * change] };
}

/** Zoom so that what is under a point of the cell stays there. */
export function zoomedAt(view: View, factor: number, point: Point, cell: Size): View {
  const zoom = Math.min(Math.max(view.zoom * factor, SMALLEST_ZOOM), LARGEST_ZOOM);
  const change = zoom / view.zoom;
  const [x, y] = [point[0] - cell.width / 2, point[1] - cell.height / 2];
  return { ...view, zoom, pan: [x - (x - view.pan[0]) * change, y - (y - view.pan[1]) * change] };
}

/** Turn clockwise by quarters as seen on the screen; the middle of the cell stays. */
export function turned(view: View, quarterTurns: number): View {
  const turns = ((Math.trunc(quarterTurns) % 4) + 4) % 4;
  // A flip turns the sense of a rotation round; flips apply after it, so one flip means turning the other way.
  const sense = view.flippedHorizontally !== view.flippedVertically ? -1 : 1;
  let [x, y] = view.pan;
  for (let turn = 0; turn < turns; turn += 1) [x, y] = [-y, x];
  return { ...view, pan: [x, y], quarterTurns: (((view.quarterTurns + sense * turns) % 4) + 4) % 4 };
}

export function flipped(view: View, axis: 'horizontal' | 'vertical'): View {
  return axis === 'horizontal'
    ? { ...view, flippedHorizontally: !view.flippedHorizontally, pan: [-view.pan[0], view.pan[1]] }
    : { ...view, flippedVertically: !view.flippedVertically, pan: [view.pan[0], -view.pan[1]] };
}

/** What the view says independently of the cell; `centre` is the image point in the middle of the cell. */
export function presentationOf(view: View, centre: Point | null): Presentation {
  const { quarterTurns, flippedHorizontally: across, flippedVertically: down } = view;
  // A mirror after turning by q is the mirror before turning by −q; one up-down is one left-right and half a turn.
  const quarters = (across !== down ? -quarterTurns : quarterTurns) + (down ? 2 : 0);
  const rotation = ([0, 90, 180, 270] as const)[((quarters % 4) + 4) % 4] ?? 0;
  return { rotation, flipped: across !== down, magnification: view.zoom, centre };
}

/** The view that stands so, before it is moved to its centre. */
export function viewOf({ rotation, flipped: mirrored, magnification }: Presentation): View {
  const quarters = rotation / 90;
  const zoom = Math.min(Math.max(magnification, SMALLEST_ZOOM), LARGEST_ZOOM);
  return { ...FITTED, zoom, quarterTurns: mirrored ? (4 - quarters) % 4 : quarters, flippedHorizontally: mirrored };
}
