/** The short axis of a two-way measurement: perpendicular to the long one, as it is in the patient. */
import type { Point, Spacing } from '../core/geometry';

type Axes = readonly [Point, Point, Point, Point];

interface Frame {
  readonly origin: Point;
  /** Direction of the long axis, in millimetres, of length 1. */
  readonly along: Point;
  readonly length: number;
}

function frameOf(from: Point, to: Point, { row, column }: Spacing): Frame | null {
  const [x, y] = [(to[0] - from[0]) * column, (to[1] - from[1]) * row];
  const length = Math.hypot(x, y);
  return length > 0 ? { origin: from, along: [x / length, y / length], length } : null;
}

/** How far along the long axis, and beside it, a point lies; in millimetres. */
function inFrame({ origin, along: [u, v] }: Frame, point: Point, { row, column }: Spacing): Point {
  const [x, y] = [(point[0] - origin[0]) * column, (point[1] - origin[1]) * row];
  return [x * u + y * v, y * u - x * v];
}

function outOfFrame({ origin, along: [u, v] }: Frame, [t, s]: Point, { row, column }: Spacing): Point {
  return [origin[0] + (t * u - s * v) / column, origin[1] + (t * v + s * u) / row];
}

/** The axes with one end (0–3) moved to a point: the short axis goes along and stays perpendicular. */
export function withEnd(axes: Axes, end: number, point: Point, spacing: Spacing): readonly Point[] {
  const [a, b, c, d] = axes;
  const before = frameOf(a, b, spacing);
  if (!before) return axes.map((one, at) => (at === end ? point : one));
  const [start, stop] = [inFrame(before, c, spacing), inFrame(before, d, spacing)];
  if (end >= 2) {
    const moved = inFrame(before, point, spacing);
    const other: Point = [moved[0], end === 2 ? stop[1] : start[1]];
    const ends = end === 2 ? [point, outOfFrame(before, other, spacing)] : [outOfFrame(before, other, spacing), point];
    return [a, b, ...ends];
  }
  const [from, to] = end === 0 ? [point, b] : [a, point];
  const after = frameOf(from, to, spacing);
  if (!after) return [from, to, c, d];
  const t = (start[0] / before.length) * after.length;
  return [from, to, outOfFrame(after, [t, start[1]], spacing), outOfFrame(after, [t, stop[1]], spacing)];
}

/** The other end of a short axis that begins at a point and is drawn towards another. */
export function shortEnd(long: readonly [Point, Point], from: Point, towards: Point, spacing: Spacing): Point {
  const frame = frameOf(long[0], long[1], spacing);
  if (!frame) return towards;
  return outOfFrame(frame, [inFrame(frame, from, spacing)[0], inFrame(frame, towards, spacing)[1]], spacing);
}
