/** Pointer, wheel and touch on a cell: which hand moves what. */
import type { Point } from '../core/geometry';
import type { Tool } from '../core/viewport';

/** What the gestures drive; all lengths in CSS pixels of the cell. */
export interface Hands {
  tool(): Tool;
  /** Images in the stack. */
  count(): number;
  /** Of the cell. */
  height(): number;
  window(dx: number, dy: number): void;
  pan(dx: number, dy: number): void;
  zoomAt(factor: number, point: Point): void;
  scroll(delta: number): void;
}

type Action = 'window' | 'pan' | 'zoom' | 'scroll';

const WHEEL_STEP = 60;
const LINE_HEIGHT = 40;
const ZOOM_SPEED = 1 / 150;
/** A whole stack is scrolled by a drag over this part of the cell. */
const STACK_PART = 0.8;

export class Gestures {
  private readonly pointers = new Map<number, Point>();
  private action: Action | null = null;
  private start: Point = [0, 0];
  private wheel = 0;
  private rest = 0;
  private readonly stop = new AbortController();

  constructor(
    private readonly element: HTMLElement,
    private readonly hands: Hands,
  ) {
    const options = { signal: this.stop.signal };
    element.style.touchAction = 'none';
    element.addEventListener('pointerdown', (event) => this.down(event), options);
    element.addEventListener('pointermove', (event) => this.move(event), options);
    for (const end of ['pointerup', 'pointercancel'] as const) element.addEventListener(end, (event) => this.up(event), options);
    element.addEventListener('wheel', (event) => this.turn(event), { ...options, passive: false });
    element.addEventListener('contextmenu', (event) => event.preventDefault(), options);
    // Middle click would start the browser's own scrolling.
    element.addEventListener('mousedown', (event) => {
      if (event.button === 1) event.preventDefault();
    }, options);
  }

  destroy(): void {
    this.stop.abort();
    this.element.style.touchAction = '';
  }

  private point(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private actionOf(event: PointerEvent): Action | null {
    const [tool, count] = [this.hands.tool(), this.hands.count()];
    if (event.button === 1) return 'pan';
    if (event.button === 2) return 'zoom';
    if (event.button !== 0) return null;
    if (tool !== 'window' && tool !== 'pan' && tool !== 'zoom' && tool !== 'scroll') return null;
    // A single image has nothing to scroll; a finger changes its window instead.
    return tool === 'scroll' && count < 2 && event.pointerType === 'touch' ? 'window' : tool;
  }

  private down(event: PointerEvent): void {
    const point = this.point(event);
    if (this.pointers.size === 0) {
      // A press that draws is taken already; its pointer is known here only so that a second one makes a pinch.
      this.action = event.defaultPrevented ? null : this.actionOf(event);
      [this.start, this.rest] = [point, 0];
    }
    this.pointers.set(event.pointerId, point);
    this.element.setPointerCapture(event.pointerId);
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const point = this.point(event);
    if (this.pointers.size >= 2) this.pinch(event.pointerId, before, point);
    else if (this.action) this.apply(this.action, before, point);
    this.pointers.set(event.pointerId, point);
  }

  private up(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId)) return;
    // The finger that stays after a pinch does nothing.
    this.action = null;
  }

  private apply(action: Action, before: Point, point: Point): void {
    const [dx, dy] = [point[0] - before[0], point[1] - before[1]];
    if (action === 'window') this.hands.window(dx, dy);
    else if (action === 'pan') this.hands.pan(dx, dy);
    else if (action === 'zoom') this.hands.zoomAt(Math.exp(-dy * ZOOM_SPEED), this.start);
    else {
      this.rest += dy / Math.max((this.hands.height() * STACK_PART) / this.hands.count(), 2);
      this.scrollWhole();
    }
  }

  private pinch(id: number, before: Point, point: Point): void {
    const other = [...this.pointers].find(([held]) => held !== id)?.[1];
    if (!other) return;
    const distance = (from: Point): number => Math.max(Math.hypot(from[0] - other[0], from[1] - other[1]), 1);
    const middle: Point = [(point[0] + other[0]) / 2, (point[1] + other[1]) / 2];
    this.hands.pan((point[0] - before[0]) / 2, (point[1] - before[1]) / 2);
    this.hands.zoomAt(distance(point) / distance(before), middle);
  }

  private scrollWhole(): void {
    const whole = Math.trunc(this.rest);
    if (whole === 0) return;
    this.rest -= whole;
    this.hands.scroll(whole);
  }

  private turn(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_HEIGHT;
    // A trackpad's pinch arrives as a wheel with Ctrl.
    if (event.ctrlKey) {
      this.hands.zoomAt(Math.exp((-event.deltaY * unit) / 300), this.point(event));
      return;
    }
    if (Math.sign(event.deltaY) !== Math.sign(this.wheel)) this.wheel = 0;
    this.wheel += event.deltaY * unit;
    // One notch of a mouse is one image; a trackpad's small steps add up to one.
    const steps = Math.trunc(this.wheel / WHEEL_STEP);
    if (steps === 0) return;
    const notch = Math.abs(event.deltaY * unit) >= WHEEL_STEP;
    this.wheel = notch ? 0 : this.wheel - steps * WHEEL_STEP;
    this.hands.scroll(notch ? Math.sign(steps) : steps);
  }
}
