/** What a pointer does on a plane: by the tool in hand, and the same with the other buttons always. */
import type { PlaneName, PlaneView } from '../../../core/volume/planes';
import { fromCanvas, normalOf, PLANE_NAMES, toCanvas } from '../../../core/volume/planes';
import { cross, dot, type Vector } from '../../../core/volume/vector';
import { dragged } from '../../../lite/adjust_window';
import type { VolumeSession } from './session';

/** Screen pixels within which a line is taken hold of, and around the crosshair where it is moved instead. */
const NEAR = 9;
const CENTRE = 56;
/** A press that moved no further than this is a click. */
const CLICK = 4;
const ZOOM_PER_PIXEL = 1.006;

export type Gesture = 'cross' | 'turn' | 'window' | 'pan' | 'zoom' | 'length' | 'curve';

/** The direction on the screen, of length 1, in which another plane cuts this one. */
export function lineOf(session: VolumeSession, name: PlaneName, other: PlaneName): readonly [number, number] {
  const planes = session.planes.value;
  const along: Vector = cross(normalOf(planes[name]), normalOf(planes[other]));
  return [dot(along, planes[name].right), dot(along, planes[name].down)];
}

function onLine(session: VolumeSession, name: PlaneName, dx: number, dy: number): boolean {
  return Math.hypot(dx, dy) > CENTRE && PLANE_NAMES.some((other) => {
    if (other === name) return false;
    const [x, y] = lineOf(session, name, other);
    return Math.abs(dx * y - dy * x) < NEAR;
  });
}

/** What a press begins. @param view of the screen, not of a coarser picture */
export function gestureAt(session: VolumeSession, name: PlaneName, view: PlaneView, event: Pick<PointerEvent, 'button' | 'offsetX' | 'offsetY' | 'shiftKey'>): Gesture {
  if (event.button === 1) return 'pan';
  if (event.button === 2) return 'zoom';
  const tool = session.tool.peek();
  if (tool !== 'cross') return tool;
  const [x, y] = toCanvas(view, session.cross.peek());
  return onLine(session, name, event.offsetX - x, event.offsetY - y) ? 'turn' : 'cross';
}

/** Which cursor says what a press here would begin. */
export function cursorOf(gesture: Gesture): string {
  return { cross: 'crosshair', turn: 'grab', window: 'ns-resize', pan: 'move', zoom: 'zoom-in', length: 'crosshair', curve: 'crosshair' }[gesture];
}

export interface CurveDrawing {
  add(point: Vector, name: PlaneName, normal: Vector): void;
}

/** One press from its beginning to its end, in pixels of the screen. */
export class Press {
  private x: number;
  private y: number;
  private farthest = 0;

  constructor(
    private readonly session: VolumeSession,
    private readonly name: PlaneName,
    private readonly view: () => PlaneView,
    readonly gesture: Gesture,
    private readonly startX: number,
    private readonly startY: number,
    private readonly curve: CurveDrawing | null,
  ) {
    this.x = startX;
    this.y = startY;
    if (gesture === 'cross') this.move(startX, startY);
    if (gesture === 'length' && session.pending.peek() === null) session.setEnd(this.point(startX, startY));
    session.moving.value = gesture !== 'length' && gesture !== 'curve' && gesture !== 'window';
  }

  move(x: number, y: number): void {
    const { session, name } = this;
    const [dx, dy] = [x - this.x, y - this.y];
    this.farthest = Math.max(this.farthest, Math.hypot(x - this.startX, y - this.startY));
    const view = this.view();
    switch (this.gesture) {
      case 'cross': session.moveCross(this.point(x, y)); break;
      case 'turn': {
        const [cx, cy] = toCanvas(view, session.cross.peek());
        const before = Math.atan2(this.y - cy, this.x - cx);
        session.turn(name, Math.atan2(y - cy, x - cx) - before);
        break;
      }
      case 'window': this.changeWindow(dx, dy); break;
      case 'pan': session.pan(name, dx * view.scale, dy * view.scale); break;
      case 'zoom': session.zoomBy(ZOOM_PER_PIXEL ** -dy); break;
      default:
    }
    [this.x, this.y] = [x, y];
  }

  end(x: number, y: number): void {
    const { session } = this;
    session.moving.value = false;
    const clicked = this.farthest <= CLICK;
    if (this.gesture === 'curve' && clicked) {
      this.curve?.add(this.point(x, y), this.name, normalOf(session.planes.peek()[this.name]));
      session.tab.value = 'curve';
    }
    if (this.gesture !== 'length') return;
    // Drawn out: the end is here. Clicked: the next click sets it, perhaps on another slice or in another plane.
    if (!clicked) session.setEnd(this.point(x, y));
    else if (this.secondClick) session.setEnd(this.point(x, y));
  }

  /** A length was already begun before this press. */
  secondClick = false;

  private point(x: number, y: number): Vector {
    return fromCanvas(this.view(), x, y);
  }

  private changeWindow(dx: number, dy: number): void {
    const layer = this.session.base;
    const voi = layer?.voi.peek();
    if (layer && voi) layer.voi.value = dragged(voi, dx, dy);
  }
}
