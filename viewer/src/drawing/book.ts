/** All measurements of a page, whichever cell or renderer shows their image; with what was done to them, to be undone. */
import type { ImageReference } from '../core/display_set';
import type { DecodedFrame } from '../core/frame';
import { pixelAspect } from '../core/geometry';
import { type Drawing, type MeasuredImage, type Measurement, measured, mayCalibrate } from '../core/measurement';

interface Change {
  undo(): void;
  redo(): void;
}

type ManualSpacing = readonly [number, number];

/** Most steps that can be undone. */
const MOST_CHANGES = 200;

/** The name of an image that all cells share. */
export function keyOf({ sopInstanceUid, frame }: { readonly sopInstanceUid: string; readonly frame: number }): string {
  return `${sopInstanceUid}/${frame}`;
}

function freshId(): string {
  return `m-${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export class DrawingBook {
  private readonly all = new Map<string, Measurement>();
  /** What each cell shows: only that can be measured anew. */
  private readonly shown = new Map<object, { reference: ImageReference; frame: DecodedFrame | null }>();
  /** By SOP Instance UID. */
  private readonly manual = new Map<string, ManualSpacing>();
  private readonly listeners = new Set<() => void>();
  private done: Change[] = [];
  private undone: Change[] = [];
  /** The measurement last touched. */
  selected: string | null = null;

  get undoable(): boolean {
    return this.done.length > 0;
  }

  get redoable(): boolean {
    return this.undone.length > 0;
  }

  /** In the order of drawing. */
  get list(): readonly Measurement[] {
    return [...this.all.values()];
  }

  find(id: string): Measurement | undefined {
    return this.all.get(id);
  }

  on(image: ImageReference): readonly Measurement[] {
    const key = keyOf(image);
    return this.list.filter((one) => keyOf(one) === key);
  }

  /** Measurements on any of these images, by {@link keyOf}. */
  among(keys: ReadonlySet<string>): readonly Measurement[] {
    return this.list.filter((one) => keys.has(keyOf(one)));
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A cell shows another image, or the same one in full quality now; null when it shows none. */
  shows(cell: object, reference: ImageReference | null, frame: DecodedFrame | null): void {
    const before = this.shown.get(cell);
    if (!reference) {
      this.shown.delete(cell);
      return;
    }
    this.shown.set(cell, { reference, frame });
    if (before?.reference === reference && before.frame === frame) return;
    for (const one of this.on(reference)) this.all.set(one.id, this.computed(one));
  }

  /** Millimetres between rows and columns of an image, where somebody calibrated it. */
  manualSpacing(reference: ImageReference): ManualSpacing | null {
    return this.manual.get(reference.sopInstanceUid) ?? null;
  }

  /** A new drawing's id. */
  begin(): string {
    return freshId();
  }

  /** A drawing as it is under the hand; nothing of it is to be undone yet. */
  put(drawing: Drawing, reference: ImageReference, frame: DecodedFrame | null): void {
    this.all.set(drawing.id, measured(drawing, this.measuring(reference, frame)));
    this.changed();
  }

  /** Give up what is under the hand: as it was before, or gone. */
  restore(id: string, before: Measurement | null): void {
    if (before) this.all.set(id, before);
    else this.all.delete(id);
    this.changed();
  }

  /** The hand has let go: from `before` (null: it did not exist) to what it is now is one step. */
  commit(id: string, before: Measurement | null): void {
    const after = this.all.get(id) ?? null;
    if (before === after) return;
    this.record({ undo: () => this.set(id, before), redo: () => this.set(id, after) });
  }

  /** Put back what exists: nothing to undo. */
  add(measurement: Measurement): void {
    const { sopInstanceUid, manualSpacing } = measurement;
    if (manualSpacing && !this.manual.has(sopInstanceUid)) this.manual.set(sopInstanceUid, manualSpacing);
    this.all.set(measurement.id, this.computed(measurement));
    this.changed();
  }

  remove(id: string): void {
    const before = this.all.get(id);
    if (!before) return;
    this.all.delete(id);
    this.commit(id, before);
    this.changed();
  }

  setText(id: string, text: string): void {
    const before = this.all.get(id);
    if (!before || before.text === text) return;
    this.all.set(id, { ...before, text });
    this.commit(id, before);
    this.changed();
  }

  /**
   * Calibrate the image a length is drawn on: its pixels keep their shape. False where the header is sure, or the drawing
   * has no length.
   */
  calibrate(id: string, millimetres: number): boolean {
    const drawn = this.all.get(id);
    const image = drawn && this.imageOf(drawn);
    if (drawn?.kind !== 'length' || !image || !(drawn.length !== undefined && drawn.length > 0) || !(millimetres > 0)) return false;
    if (!mayCalibrate({ source: drawn.calibration, ...(drawn.refused ? { refused: drawn.refused } : {}) })) return false;
    const [first, second] = drawn.points;
    if (!first || !second) return false;
    const aspect = pixelAspect(image.reference.instance, drawn.frame);
    const column = millimetres / Math.hypot(second[0] - first[0], (second[1] - first[1]) * aspect);
    const uid = drawn.sopInstanceUid;
    const [before, after]: [ManualSpacing | null, ManualSpacing] = [this.manual.get(uid) ?? null, [column * aspect, column]];
    this.setSpacing(uid, after);
    this.record({ undo: () => this.setSpacing(uid, before), redo: () => this.setSpacing(uid, after) });
    return true;
  }

  undo(): void {
    const change = this.done.pop();
    if (!change) return;
    this.undone.push(change);
    change.undo();
    this.changed();
  }

  redo(): void {
    const change = this.undone.pop();
    if (!change) return;
    this.done.push(change);
    change.redo();
    this.changed();
  }

  /** Somebody touched it, or nothing any more. */
  select(id: string | null): void {
    if (this.selected === id) return;
    this.selected = id;
    this.changed();
  }

  clear(): void {
    this.all.clear();
    this.manual.clear();
    [this.done, this.undone, this.selected] = [[], [], null];
    this.changed();
  }

  private set(id: string, measurement: Measurement | null): void {
    if (measurement) this.all.set(id, this.computed(measurement));
    else this.all.delete(id);
  }

  private setSpacing(uid: string, spacing: ManualSpacing | null): void {
    if (spacing) this.manual.set(uid, spacing);
    else this.manual.delete(uid);
    for (const one of this.list) if (one.sopInstanceUid === uid) this.all.set(one.id, this.computed(one));
    this.changed();
  }

  private measuring(reference: ImageReference, frame: DecodedFrame | null): MeasuredImage {
    return { reference, frame, manualSpacing: this.manual.get(reference.sopInstanceUid) ?? null };
  }

  private imageOf(one: Drawing): MeasuredImage | null {
    const key = keyOf(one);
    const cells = [...this.shown.values()].filter(({ reference }) => keyOf(reference) === key);
    const cell = cells.find(({ frame }) => frame !== null) ?? cells[0];
    return cell ? this.measuring(cell.reference, cell.frame) : null;
  }

  /** Measured anew where its image is on a screen; else as it was, with the scale in force when its object is on one. */
  private computed(one: Measurement): Measurement {
    const image = this.imageOf(one);
    if (image?.frame) return measured(one, image);
    const other = [...this.shown.values()].find(({ reference }) => reference.sopInstanceUid === one.sopInstanceUid);
    if (!other) return one;
    const kept = { ...one };
    delete kept.manualSpacing;
    const sized = measured(one, this.measuring({ ...other.reference, frame: one.frame }, null));
    return { ...kept, ...sized, unit: one.unit };
  }

  private record(change: Change): void {
    this.done.push(change);
    this.done.splice(0, Math.max(this.done.length - MOST_CHANGES, 0));
    this.undone = [];
    this.changed();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
