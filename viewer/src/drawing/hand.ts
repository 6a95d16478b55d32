/** The hand that draws: presses, moves and releases on a cell become drawings in the book. */
import { type Affine, apply, inverse } from '../core/affine';
import type { ImageReference } from '../core/display_set';
import type { DecodedFrame } from '../core/frame';
import type { Point, Spacing } from '../core/geometry';
import { type Drawing, type Measurement, MEASUREMENT_KINDS, type MeasurementKind, POINT_COUNT, spacingFor } from '../core/measurement';
import type { Tool } from '../core/viewport';
import { shortEnd, withEnd } from './bidirectional';
import type { DrawingBook } from './book';
import { type Grip, gripAt } from './grip';

/** The image under the hand; only one that is here in full is drawn on. */
export interface Ground {
  readonly reference: ImageReference;
  readonly frame: DecodedFrame;
  /** From image coordinates to CSS pixels of the cell. */
  readonly placement: Affine;
}

interface Held {
  readonly id: string;
  readonly kind: MeasurementKind;
  readonly ground: Ground;
  /** As it was before; null: it is new. */
  readonly before: Measurement | null;
  points: readonly Point[];
  /** The point that follows the hand; null: all of it does (`grip`), or the next press begins a line. */
  active: number | null;
  readonly grip: Grip | null;
  readonly text?: string;
}

/** CSS pixels: a press that moves less is a click, and what is smaller was not meant. */
const CLICK = 3;
/** CSS pixels from the first corner of an outline within which a click closes it. */
const CLOSING = 8;
/** CSS pixels between the corners of a freehand outline. */
const STEP = 2;

export function isMeasuring(tool: Tool): tool is MeasurementKind {
  return (MEASUREMENT_KINDS as readonly string[]).includes(tool);
}

const far = (one: Point, other: Point): number => Math.hypot(one[0] - other[0], one[1] - other[1]);

export class Hand {
  tool: Tool = 'window';
  private held: Held | null = null;
  private pressed: Point | null = null;
  private moved = false;
  /** The press under way has begun a line. */
  private began = false;

  /** @param onText the words of this drawing are asked for */
  constructor(
    private readonly book: DrawingBook,
    private readonly ground: () => Ground | null,
    private readonly onText: (id: string) => void,
  ) {}

  get drawing(): string | null {
    return this.held?.id ?? null;
  }

  /** Whether a press at a point of the cell is for drawing. */
  takes(at: Point): boolean {
    const ground = this.ground();
    return ground !== null && (this.held !== null || isMeasuring(this.tool) || this.gripAt(at, ground) !== null);
  }

  /** Whether there is something to take at a point of the cell, for the cursor. */
  over(at: Point): boolean {
    const ground = this.ground();
    return this.held === null && ground !== null && this.gripAt(at, ground) !== null;
  }

  press(at: Point): void {
    const ground = this.ground();
    if (!ground) return;
    [this.pressed, this.moved, this.began] = [at, false, false];
    if (this.held) this.goOn(at, ground);
    else this.takeOrBegin(at, ground);
  }

  /** The hand is now here, pressed or not. */
  move(at: Point): void {
    const { held } = this;
    const ground = this.ground();
    if (!held || !ground) return;
    if (this.pressed && far(at, this.pressed) > CLICK) this.moved = true;
    const point = this.toImage(at, ground);
    if (held.grip) {
      if (!this.moved) return;
      this.drag(held, held.grip, point);
    } else if (held.kind === 'freehand') {
      const last = held.points.at(-1);
      if (this.pressed && last && far(apply(ground.placement, last), at) >= STEP) held.points = [...held.points, point];
    } else if (held.active !== null) held.points = this.placed(held, held.active, point);
    this.show(held, ground);
  }

  release(): void {
    const { held, pressed } = this;
    this.pressed = null;
    if (!held || !pressed) return;
    if (held.grip) this.finish(held);
    else if (held.kind === 'freehand') {
      // Clicks set corners one by one; a click on the first one closes the outline, as letting go of a drag does.
      if (this.moved || (!this.began && this.closes(held, pressed))) this.finish(held);
    } else if (POINT_COUNT[held.kind] === 1) this.finish(held);
    // A click begins a line, whose other end then follows the hand until the next click.
    else if (this.moved || !this.began) this.advance(held);
  }

  /** Give up what is not finished; false when there is nothing. */
  cancel(): boolean {
    const { held } = this;
    [this.held, this.pressed] = [null, null];
    if (held) this.book.restore(held.id, held.before);
    return held !== null;
  }

  private toImage(at: Point, ground: Ground): Point {
    return apply(inverse(ground.placement), at);
  }

  private gripAt(at: Point, ground: Ground): Grip | null {
    const grip = gripAt(at, this.book.on(ground.reference), ground.placement);
    // With a measuring tool in hand a line may begin on another one.
    return grip?.handle === null && isMeasuring(this.tool) ? null : grip;
  }

  private takeOrBegin(at: Point, ground: Ground): void {
    const grip = this.gripAt(at, ground);
    const point = this.toImage(at, ground);
    if (grip) {
      const { measurement } = grip;
      this.held = {
        id: measurement.id, kind: measurement.kind, ground, before: measurement, points: measurement.points, active: null,
        grip: { ...grip, from: point }, ...(measurement.text === undefined ? {} : { text: measurement.text }),
      };
      this.book.select(measurement.id);
      return;
    }
    if (!isMeasuring(this.tool)) return;
    const { tool: kind } = this;
    this.began = true;
    const single = POINT_COUNT[kind] === 1 || kind === 'freehand';
    const points = single ? [point] : [point, point];
    this.held = { id: this.book.begin(), kind, ground, before: null, points, active: kind === 'freehand' ? null : points.length - 1, grip: null };
    this.book.select(this.held.id);
    this.show(this.held, ground);
  }

  /** Press again on a drawing that has points to come. */
  private goOn(at: Point, ground: Ground): void {
    const { held } = this;
    if (!held || held.grip) return;
    const point = this.toImage(at, ground);
    if (held.kind === 'freehand') {
      if (!this.closes(held, at)) held.points = [...held.points, point];
    } else if (held.active === null) {
      held.points = [...held.points, point, point];
      held.active = held.points.length - 1;
      this.began = true;
    } else held.points = this.placed(held, held.active, point);
    this.show(held, ground);
  }

  private closes({ points: [first], ground }: Held, at: Point): boolean {
    return first !== undefined && far(apply(ground.placement, first), at) <= CLOSING;
  }

  /** The active point is set. */
  private advance(held: Held): void {
    const count = POINT_COUNT[held.kind];
    if (held.points.length >= count) {
      this.finish(held);
      return;
    }
    const last = held.points.at(-1);
    if (held.kind === 'angle' && last) {
      held.points = [...held.points, last];
      held.active = held.points.length - 1;
    } else held.active = null;
    this.show(held, held.ground);
  }

  private finish(held: Held): void {
    this.held = null;
    if (held.before === null && this.tooSmall(held)) {
      this.book.restore(held.id, null);
      return;
    }
    this.book.commit(held.id, held.before);
    if (held.before === null && (held.kind === 'text' || held.kind === 'arrow')) this.onText(held.id);
    else if (held.before !== null && !this.moved && held.kind === 'text') this.onText(held.id);
  }

  private tooSmall({ kind, points, ground }: Held): boolean {
    const seen = points.map((point) => apply(ground.placement, point));
    if (POINT_COUNT[kind] === 1) return false;
    if (kind === 'freehand') return points.length < 3 || Math.max(...seen.map((point) => far(point, seen[0] ?? point))) < 2 * CLICK;
    if (kind === 'angle') return seen.some((point, at) => at > 0 && far(point, seen[at - 1] ?? point) < CLICK);
    return seen.some((point, at) => at % 2 === 1 && far(point, seen[at - 1] ?? point) < CLICK);
  }

  private spacing({ ground: { reference, frame } }: Held, points: readonly Point[]): Spacing {
    return spacingFor({ reference, frame, manualSpacing: this.book.manualSpacing(reference) }, points);
  }

  /** The points with one of them at another place, others following where they must. */
  private placed(held: Held, at: number, point: Point): readonly Point[] {
    const { points, kind } = held;
    const [a, b, c] = points;
    if (kind === 'bidirectional' && at === 3 && a && b && c) {
      return [a, b, c, shortEnd([a, b], c, point, this.spacing(held, points))];
    }
    return points.map((one, index) => (index === at ? point : one));
  }

  /** What was taken follows the hand. */
  private drag(held: Held, grip: Grip, point: Point): void {
    const { points } = grip.measurement;
    if (grip.handle === null) {
      const [dx, dy] = [point[0] - grip.from[0], point[1] - grip.from[1]];
      held.points = points.map(([x, y]) => [x + dx, y + dy]);
      return;
    }
    const [a, b, c, d] = points;
    if (held.kind === 'bidirectional' && a && b && c && d) {
      held.points = withEnd([a, b, c, d], grip.handle, point, this.spacing(held, points));
    } else held.points = points.map((one, at) => (at === grip.handle ? point : one));
  }

  private show(held: Held, { reference, frame }: Ground): void {
    const { id, kind, points, text } = held;
    const drawing: Drawing = {
      id, kind, points, sopInstanceUid: reference.sopInstanceUid, frame: reference.frame, ...(text === undefined ? {} : { text }),
    };
    this.book.put(drawing, reference, frame);
  }
}
