/** Where a drawing can be taken: at its handles, else at its outline or words, which moves all of it. */
import { type Affine, apply } from '../core/affine';
import type { Point } from '../core/geometry';
import type { Measurement } from '../core/measurement';
import { isInLabel } from './label';
import { segmentsOf } from './shape';

/** CSS pixels. */
const REACH = 10;
const LINE_REACH = 5;

export interface Grip {
  readonly measurement: Measurement;
  /** The point taken; null: the whole. */
  readonly handle: number | null;
  /** Where it was taken, in image coordinates; set by the hand. */
  readonly from: Point;
}

/** A freehand outline has too many corners to take one of them. */
export function handlesOf(measurement: Measurement): readonly Point[] {
  return measurement.kind === 'freehand' ? [] : measurement.points;
}

function distanceTo([x, y]: Point, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : Math.min(Math.max(((x - x0) * dx + (y - y0) * dy) / square, 0), 1);
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

/** What is taken at a point of the cell; the latest drawing first, handles before outlines. */
export function gripAt(at: Point, measurements: readonly Measurement[], placement: Affine): Grip | null {
  const latest = measurements.toReversed();
  for (const measurement of latest) {
    const handle = handlesOf(measurement).findIndex((point) => {
      const [x, y] = apply(placement, point);
      return Math.hypot(x - at[0], y - at[1]) <= REACH;
    });
    if (handle !== -1) return { measurement, handle, from: at };
  }
  const whole = latest.find((measurement) => segmentsOf(measurement.kind, measurement.points.map((point) => apply(placement, point)))
    .some(([from, to]) => distanceTo(at, from, to) <= LINE_REACH) || (measurement.kind === 'text' && isInLabel(at, measurement, placement)));
  return whole ? { measurement: whole, handle: null, from: at } : null;
}
