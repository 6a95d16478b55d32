/** The measurements of one cell: made, moved and computed anew; kept for each image. */
import type { ImageReference } from '../core/display_set';
import type { DecodedFrame } from '../core/frame';
import { measurementSpacing, type Point } from '../core/geometry';
import { area, distance, regionStatistics } from '../core/measure';
import type { Measurement } from '../core/viewport';

export type MeasurementKind = Measurement['kind'];

/** What is measured on. */
export interface Subject {
  readonly image: ImageReference;
  readonly frame: DecodedFrame;
}

/** Compute a measurement through two points of an image. */
export function measure(id: string, kind: MeasurementKind, points: readonly [Point, Point], { image, frame }: Subject): Measurement {
  const [from, to] = points;
  const spacing = measurementSpacing(image.instance, image.frame, points);
  const { calibrated, refused } = spacing;
  const base = { id, kind, sopInstanceUid: image.sopInstanceUid, frame: image.frame, points, calibrated, ...(refused ? { refused } : {}) };
  if (kind === 'length') return { ...base, ...(refused ? {} : { length: distance(from, to, spacing) }), unit: '' };
  const size = { ...base, ...(refused ? {} : { area: area(kind, from, to, spacing) }) };
  const found = frame.kind === 'grayscale' ? regionStatistics(kind, from, to, frame.pixels, frame.parameters) : null;
  if (!found || frame.kind !== 'grayscale') return { ...size, unit: '' };
  const { mean, standardDeviation, minimum, maximum } = found;
  return { ...size, mean, standardDeviation, minimum, maximum, unit: frame.parameters.unit };
}

interface Held {
  readonly id: string;
  readonly kind: MeasurementKind;
  /** The point that stays; null: the whole moves. */
  readonly fixed: Point;
  readonly fresh: boolean;
}

export class MeasurementBook {
  private readonly all = new Map<string, Measurement>();
  private held: Held | null = null;
  private count = 0;

  on(image: ImageReference): readonly Measurement[] {
    return this.list.filter(({ sopInstanceUid, frame }) => sopInstanceUid === image.sopInstanceUid && frame === image.frame);
  }

  get list(): readonly Measurement[] {
    return [...this.all.values()];
  }

  /** Start a new measurement at a point. */
  begin(kind: MeasurementKind, point: Point, subject: Subject): void {
    this.count += 1;
    this.held = { id: `m${this.count}`, kind, fixed: point, fresh: true };
    this.all.set(this.held.id, measure(this.held.id, kind, [point, point], subject));
  }

  /** Take one handle of a measurement. */
  take(measurement: Measurement, handle: number): void {
    const fixed = measurement.points[1 - handle];
    if (fixed) this.held = { id: measurement.id, kind: measurement.kind, fixed, fresh: false };
  }

  /** The held handle is now at a point. */
  moveTo(point: Point, subject: Subject): void {
    if (!this.held) return;
    const { id, kind, fixed } = this.held;
    this.all.set(id, measure(id, kind, [fixed, point], subject));
  }

  /** Let go; a new measurement smaller than `smallest` image pixels was a click and goes. */
  release(smallest: number): void {
    const [from, to] = (this.held ? this.all.get(this.held.id)?.points : undefined) ?? [];
    if (this.held?.fresh === true && from && to && Math.hypot(to[0] - from[0], to[1] - from[1]) < smallest) this.all.delete(this.held.id);
    this.held = null;
  }

  remove(id: string): void {
    if (this.held?.id === id) this.held = null;
    this.all.delete(id);
  }

  clear(): void {
    this.all.clear();
    this.held = null;
  }
}
