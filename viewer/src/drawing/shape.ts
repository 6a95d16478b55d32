/** The lines a drawing consists of, in CSS pixels of the cell. */
import type { Point } from '../core/geometry';
import { boxAround } from '../core/measure';
import type { MeasurementKind } from '../core/measurement';

export type Segment = readonly [Point, Point];

const ELLIPSE_CORNERS = 48;
const ARROW_HEAD = 12;

function chain(points: readonly Point[], closed: boolean): Segment[] {
  const ends = closed ? [...points, ...points.slice(0, 1)] : points;
  return ends.slice(1).map((to, at) => [ends[at] ?? to, to]);
}

function ellipse(points: readonly Point[]): readonly Point[] {
  const [left, top, right, bottom] = boxAround(points);
  const [x, y, a, b] = [(left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2];
  return Array.from({ length: ELLIPSE_CORNERS }, (_, at) => {
    const turn = (2 * Math.PI * at) / ELLIPSE_CORNERS;
    return [x + a * Math.cos(turn), y + b * Math.sin(turn)];
  });
}

function rectangle(points: readonly Point[]): readonly Point[] {
  const [left, top, right, bottom] = boxAround(points);
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** The two barbs at the tip of an arrow. */
function head([tip, tail]: readonly Point[]): Segment[] {
  if (!tip || !tail) return [];
  const back = Math.atan2(tail[1] - tip[1], tail[0] - tip[0]);
  return [-0.4, 0.4].map((turn) => [tip, [tip[0] + ARROW_HEAD * Math.cos(back + turn), tip[1] + ARROW_HEAD * Math.sin(back + turn)]]);
}

function cross([point]: readonly Point[], arm: number): Segment[] {
  if (!point) return [];
  const [x, y] = point;
  return [[[x - arm, y], [x + arm, y]], [[x, y - arm], [x, y + arm]]];
}

/** @param points of the drawing, as they are in the cell: turns by quarters keep boxes boxes */
export function segmentsOf(kind: MeasurementKind, points: readonly Point[]): readonly Segment[] {
  switch (kind) {
    case 'length': return chain(points, false);
    case 'angle': return chain(points, false);
    case 'cobb':
    case 'bidirectional': return [...chain(points.slice(0, 2), false), ...chain(points.slice(2, 4), false)];
    case 'ellipse': return chain(ellipse(points), true);
    case 'rectangle': return chain(rectangle(points), true);
    case 'freehand': return chain(points, true);
    case 'probe': return cross(points, 7);
    case 'arrow': return [...chain(points, false), ...head(points)];
    case 'text': return [];
  }
}
