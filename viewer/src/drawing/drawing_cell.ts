/** Drawing on one cell: its layer, its hand, and which presses of pointers are theirs; the same for every renderer. */
import { type Affine, apply, inverse } from '../core/affine';
import type { ImageReference } from '../core/display_set';
import type { Point } from '../core/geometry';
import type { VoiTransform } from '../core/grayscale';
import { regionStatistics } from '../core/measure';
import type { Measurement } from '../core/measurement';
import type { Tool, ViewportState, Voi } from '../core/viewport';
import { fullRange } from '../core/voi';
import { type DrawingBook, keyOf } from './book';
import { type Ground, Hand, isMeasuring } from './hand';
import { labelAt } from './label';
import { DrawingLayer } from './layer';
import { Magnifier } from './magnifier';

/** What a renderer tells of its cell. */
export interface Sight {
  /** The image on screen, be it a preview. */
  reference(): ImageReference | null;
  /** The image on screen when it is here in full: only that is drawn on. */
  frame(): Ground['frame'] | null;
  /** From image coordinates to CSS pixels of the cell. */
  placement(): Affine | null;
  /** How the values are shown; null for colour. */
  transform(): { readonly voi: VoiTransform | null; readonly inverted: boolean };
  setVoi(voi: Voi): void;
  /** A drawing begins: what moves by itself stops. */
  stop(): void;
  /** What is said of drawing in the state has changed. */
  changed(): void;
}

export class DrawingCell {
  private readonly layer: DrawingLayer;
  private readonly hand: Hand;
  private readonly magnifier: Magnifier;
  private readonly stopped = new AbortController();
  private readonly forget: () => void;
  private images: ReadonlySet<string> = new Set();
  private editing: string | null = null;
  private box: readonly [Point, Point] | null = null;
  /** Where the cross of drawing by keys is, in the cell. */
  private cross: Point | null = null;
  /** The pointer that draws. */
  private pointer: number | null = null;

  constructor(private readonly element: HTMLElement, private readonly book: DrawingBook, private readonly sight: Sight) {
    this.layer = new DrawingLayer(element);
    this.magnifier = new Magnifier(element);
    this.hand = new Hand(book, () => this.ground(), (id) => this.edit(id));
    this.forget = book.subscribe(() => {
      this.draw();
      sight.changed();
    });
    this.listen();
  }

  get tool(): Tool {
    return this.hand.tool;
  }

  set tool(tool: Tool) {
    this.cancel();
    this.hand.tool = tool;
    this.element.style.cursor = isMeasuring(tool) || tool === 'window_region' || tool === 'magnifier' ? 'crosshair' : '';
  }

  /** The images that scroll together here; a drawing of others under the hand is given up. */
  stack(images: readonly ImageReference[]): void {
    this.images = new Set(images.map(keyOf));
  }

  /** What the renderer shows has changed. */
  shows(): void {
    const [reference, frame] = [this.sight.reference(), this.sight.frame()];
    const { drawing } = this.hand;
    const drawn = drawing === null ? undefined : this.book.find(drawing);
    if (drawn && (!reference || keyOf(drawn) !== keyOf(reference))) this.cancel();
    this.book.shows(this, reference, frame);
    this.draw();
  }

  /** The image lies elsewhere in the cell, or something is drawn. */
  draw(): void {
    const reference = this.sight.reference();
    this.layer.draw(reference ? this.book.on(reference) : [], this.sight.placement(), this.book.selected, { box: this.box, cross: this.cross });
  }

  /** What the viewport's state says of drawing. */
  get state(): Pick<ViewportState, 'measurements' | 'drawing' | 'steering' | 'selected' | 'editing' | 'undoable' | 'redoable'> {
    const measurements = this.book.among(this.images);
    const { selected, undoable, redoable } = this.book;
    return {
      measurements, drawing: this.hand.drawing !== null, steering: this.cross !== null, undoable, redoable,
      selected: measurements.some(({ id }) => id === selected) ? selected : null,
      editing: this.editingPlace(),
    };
  }

  /** Ask for the words of an arrow or text. */
  edit(id: string): void {
    const kind = this.book.find(id)?.kind;
    if (kind !== 'arrow' && kind !== 'text') return;
    this.editing = id;
    this.sight.changed();
  }

  setText(id: string, text: string): void {
    if (this.editing === id) this.editing = null;
    if (text === '' && this.book.find(id)?.kind === 'text') this.book.remove(id);
    else this.book.setText(id, text);
    this.sight.changed();
  }

  /** Give up what is under the hand. */
  cancel(): boolean {
    const cancelled = this.hand.cancel() || this.box !== null || this.cross !== null;
    [this.box, this.cross] = [null, null];
    this.pointer = null;
    this.magnifier.hide();
    if (cancelled) {
      this.draw();
      this.sight.changed();
    }
    return cancelled;
  }

  setPoint(): void {
    if (!this.ground() || !isMeasuring(this.tool)) return;
    if (this.cross && this.hand.takes(this.cross)) {
      this.sight.stop();
      this.hand.press(this.cross);
      this.hand.release();
    }
    this.cross ??= [this.element.clientWidth / 2, this.element.clientHeight / 2];
    this.draw();
    this.sight.changed();
  }

  steer(dx: number, dy: number): void {
    if (!this.cross) return;
    const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
    this.cross = [within(this.cross[0] + dx, this.element.clientWidth), within(this.cross[1] + dy, this.element.clientHeight)];
    this.hand.move(this.cross);
    this.draw();
  }

  destroy(): void {
    this.hand.cancel();
    this.stopped.abort();
    this.forget();
    this.book.shows(this, null, null);
    this.layer.destroy();
    this.magnifier.destroy();
    this.element.style.cursor = '';
  }

  private editingPlace(): ViewportState['editing'] {
    const measurement: Measurement | undefined = this.editing === null ? undefined : this.book.find(this.editing);
    const [reference, placement] = [this.sight.reference(), this.sight.placement()];
    if (!measurement || !reference || !placement || keyOf(measurement) !== keyOf(reference)) return null;
    return { id: measurement.id, at: labelAt(measurement, placement) };
  }

  private ground(): Ground | null {
    const [reference, frame, placement] = [this.sight.reference(), this.sight.frame(), this.sight.placement()];
    return reference && frame && placement ? { reference, frame, placement } : null;
  }

  private listen(): void {
    const options = { signal: this.stopped.signal, capture: true };
    this.element.addEventListener('pointerdown', (event) => this.down(event), options);
    this.element.addEventListener('pointermove', (event) => this.move(event), options);
    for (const end of ['pointerup', 'pointercancel'] as const) this.element.addEventListener(end, (event) => this.up(event), options);
    // A renderer that listens to mouse or touch must not do its own while a finger draws.
    for (const kind of ['touchstart', 'touchmove', 'touchend', 'mousedown', 'mousemove', 'mouseup'] as const) {
      this.element.addEventListener(kind, (event) => {
        if (this.pointer !== null) event.stopImmediatePropagation();
      }, options);
    }
  }

  private point(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** `preventDefault` tells whoever else listens that this press is taken; the mouse events that follow are not sent. */
  private down(event: PointerEvent): void {
    this.cross = null;
    if (this.pointer !== null) {
      this.cancel(); // a second finger: both together zoom
      return;
    }
    const at = this.point(event);
    const special = this.tool === 'window_region' || this.tool === 'magnifier';
    if (event.button !== 0 || !event.isPrimary || this.editingPlace() !== null) return;
    if (special && this.ground()) {
      this.begin(event);
      this.special(at, at);
      return;
    }
    if (!this.hand.takes(at)) {
      this.book.select(null);
      return;
    }
    this.begin(event);
    this.sight.stop();
    this.hand.press(at);
  }

  private begin(event: PointerEvent): void {
    event.preventDefault();
    this.pointer = event.pointerId;
    this.element.setPointerCapture(event.pointerId);
    this.element.closest<HTMLElement>('[tabindex]')?.focus({ preventScroll: true });
  }

  private special(from: Point, at: Point): void {
    if (this.tool === 'window_region') this.box = [from, at];
    else this.magnify(at);
    this.draw();
  }

  private magnify(at: Point): void {
    const ground = this.ground();
    const { voi, inverted } = this.sight.transform();
    if (ground) this.magnifier.show(at, ground, voi, inverted);
  }

  private move(event: PointerEvent): void {
    const at = this.point(event);
    if (this.pointer !== null && event.pointerId !== this.pointer) return;
    if (this.pointer === null && event.buttons !== 0) return;
    if (this.box) this.special(this.box[0], at);
    else if (this.pointer !== null && this.magnifier.shown) this.magnify(at);
    else this.hand.move(at);
    const free = this.tool === 'window' || this.tool === 'pan' || this.tool === 'zoom' || this.tool === 'scroll';
    if (this.pointer === null && event.pointerType === 'mouse' && free) {
      this.element.style.cursor = this.hand.over(at) ? 'pointer' : '';
    }
  }

  private up(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    if (event.type === 'pointercancel') {
      this.cancel();
      return;
    }
    if (this.box) this.setWindow(this.box);
    this.box = null;
    this.magnifier.hide();
    this.hand.release();
    this.draw();
    this.sight.changed();
  }

  /** The window that shows all values inside a box of the cell, from black to white. */
  private setWindow(box: readonly [Point, Point]): void {
    const ground = this.ground();
    if (ground?.frame.kind !== 'grayscale') return;
    const corners = box.map((point) => apply(inverse(ground.placement), point));
    const found = regionStatistics('rectangle', corners, ground.frame.pixels, ground.frame.parameters);
    if (found && found.maximum > found.minimum) this.sight.setVoi(fullRange(found.minimum, found.maximum));
  }
}
