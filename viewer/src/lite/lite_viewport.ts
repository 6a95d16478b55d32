/** One cell of the Lite tier: what is shown, how it lies, what is measured; everything on screen follows from this state. */
import type { DisplaySet, ImageReference } from '../core/display_set';
import { type DecodedFrame, defaultTransform, FrameError, type FrameSource } from '../core/frame';
import { edgeLetters, pixelAspect, type Point, turnLetters } from '../core/geometry';
import type { VoiTransform } from '../core/grayscale';
import { pixelFormat } from '../core/pixel_format';
import type { Presentation } from '../core/presentation';
import type { Quality, Tool, Viewport, ViewportState, Voi } from '../core/viewport';
import { isValid } from '../core/voi';
import type { DrawingBook } from '../drawing/book';
import { DrawingCell, type Sight } from '../drawing/drawing_cell';
import { DrawnOn } from '../drawing/drawn_on';
import { OverlayLayer } from '../drawing/overlay_layer';
import { dragged, voiOf } from './adjust_window';
import { Cine, DEFAULT_FRAMES_PER_SECOND } from './cine';
import { FramePictures } from './frame_picture';
import { Gestures, type Hands } from './gestures';
import { Prefetcher } from './prefetcher';
import { loadPreview } from './preview';
import type { Picture, PreviewPicture } from './renderer';
import { Stage } from './stage';
import { type Affine, apply, FITTED, fittingScale, flipped, inverse, presentationOf, turned, viewOf, zoomedAt } from './view';

/** How long the full image waits for the preview on a first show, so that a thin link carries the preview first. */
const PREVIEW_HEAD_START_MS = 300;
/** While scrolling a preview is only worth asking for when the image itself does not come at once. */
const PREVIEW_DELAY_MS = 250;
const MOST_LOADS = 3;
const NO_LETTERS = { left: '', right: '', top: '', bottom: '' };

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What is on screen: an image as a preview, in part, in full, or the reason why it is not. */
interface Shown {
  readonly index: number;
  readonly image: ImageReference;
  readonly frame: DecodedFrame | null;
  /** The frame in fewer rows and columns, while a thin link brings the rest: for looking only. */
  readonly partial?: DecodedFrame;
  readonly preview: PreviewPicture | null;
  readonly errorKey: string | null;
}

export class LiteViewport extends DrawnOn implements Viewport {
  private readonly stage: Stage;
  private readonly overlays: OverlayLayer;
  protected readonly drawing: DrawingCell;
  private readonly gestures: Gestures;
  private readonly prefetcher: Prefetcher;
  private readonly pictures = new FramePictures();
  private readonly cine: Cine;
  private readonly listeners = new Set<(state: ViewportState) => void>();
  private set: DisplaySet | null = null;
  private shown: Shown | null = null;
  /** The image asked for; the shown one until it has come. */
  private target = 0;
  private direction: 1 | -1 = 1;
  private chosen: VoiTransform | null = null;
  /** The default of the shown frame. */
  private standard: VoiTransform | null = null;
  private inverted = false;
  /** A finger scrolls and a mouse changes the window until a tool is taken. */
  private tool: Tool = matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window';
  /** Loads under way, the newest last; of a fast scroll the older ones are given up. */
  private loads: AbortController[] = [];

  constructor(
    readonly element: HTMLElement,
    private readonly frames: FrameSource,
    cpuOnly: boolean,
    protected readonly book: DrawingBook,
  ) {
    super();
    if (getComputedStyle(element).position === 'static') element.style.position = 'relative';
    this.prefetcher = new Prefetcher(frames);
    this.overlays = new OverlayLayer(element);
    this.drawing = new DrawingCell(element, book, this.sight());
    this.stage = new Stage(element, cpuOnly, () => this.laidOut(), () => this.tell());
    this.cine = new Cine({
      count: () => this.set?.images.length ?? 1,
      index: () => this.shown?.index ?? 0,
      ready: (index) => this.ready(index),
      show: (index) => this.scroll(index),
    });
    this.gestures = new Gestures(element, this.hands());
  }

  async show(displaySet: DisplaySet, index = 0): Promise<void> {
    const same = this.set?.id === displaySet.id;
    this.set = displaySet;
    this.drawing.stack(displaySet.images);
    if (!same) {
      this.cine.stop();
      this.prefetcher.stop();
      this.giveUp(0);
      [this.chosen, this.standard, this.inverted, this.shown, this.stage.view] = [null, null, false, null, FITTED];
      this.overlays.clear();
      this.drawing.shows();
      void this.stage.show(null);
    }
    this.direction = 1;
    await this.go(this.within(index));
  }

  scrollTo(index: number): void {
    this.cine.stop();
    this.scroll(index);
  }

  scrollBy(delta: number): void {
    this.scrollTo(this.target + delta);
  }

  setVoi(voi: Voi): void {
    if (!isValid(voi) || this.shown?.frame?.kind === 'colour') return;
    this.chosen = { kind: 'window', voi };
    void this.paint();
  }

  setInverted(inverted: boolean): void {
    this.inverted = inverted;
    void this.paint();
  }

  setTool(tool: Tool): void {
    this.tool = tool;
    this.drawing.tool = tool;
    this.element.dataset['tool'] = tool;
  }

  zoomBy(factor: number): void {
    this.zoomAt(factor, this.middle);
  }

  reset(): void {
    [this.chosen, this.inverted, this.stage.view] = [null, false, FITTED];
    void this.paint();
  }

  rotate(quarterTurns: number): void {
    this.stage.view = turned(this.stage.view, quarterTurns);
    void this.paint();
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    this.stage.view = flipped(this.stage.view, axis);
    void this.paint();
  }

  play(framesPerSecond?: number): void {
    if ((this.set?.images.length ?? 0) < 2) return;
    this.cine.play(framesPerSecond ?? this.set?.frameRate ?? DEFAULT_FRAMES_PER_SECOND);
    this.tell();
  }

  stop(): void {
    this.cine.stop();
    this.tell();
  }

  subscribe(listener: (state: ViewportState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get state(): ViewportState {
    const { set, shown, stage } = this;
    const transform = this.transform;
    const format = shown ? pixelFormat(shown.image.instance) : null;
    const view = stage.view;
    const fit = format && shown
      ? fittingScale({ width: format.columns, height: format.rows }, pixelAspect(shown.image.instance, shown.image.frame), stage.cell, view.quarterTurns)
      : 1;
    const letters = shown ? edgeLetters(shown.image.instance, shown.image.frame) : NO_LETTERS;
    return {
      displaySet: set,
      index: shown?.index ?? this.target,
      count: set?.images.length ?? 0,
      voi: transform ? voiOf(transform) : null,
      inverted: this.inverted,
      zoom: fit * view.zoom,
      quality: this.quality,
      playing: this.cine.playing,
      errorKey: shown?.errorKey ?? null,
      orientation: turnLetters(letters, view.quarterTurns, view.flippedHorizontally, view.flippedVertically),
      ...this.drawing.state,
    };
  }

  get placement(): Affine | null {
    return this.stage.placement;
  }

  get presentation(): Presentation {
    const { placement, view } = this.stage;
    const moved = view.zoom !== 1 || view.pan[0] !== 0 || view.pan[1] !== 0;
    return presentationOf(view, placement && moved ? apply(inverse(placement), this.middle) : null);
  }

  setPresentation(presentation: Presentation): void {
    this.stage.view = viewOf(presentation);
    const { placement } = this.stage;
    if (presentation.centre && placement) {
      const [[x, y], [left, top]] = [this.middle, apply(placement, presentation.centre)];
      this.stage.view = { ...this.stage.view, pan: [x - left, y - top] };
    }
    void this.paint();
  }

  private get middle(): Point {
    const { width, height } = this.stage.cell;
    return [width / 2, height / 2];
  }

  destroy(): void {
    this.giveUp(0);
    this.cine.stop();
    this.prefetcher.stop();
    this.gestures.destroy();
    this.drawing.destroy();
    this.stage.destroy();
    this.overlays.destroy();
    this.listeners.clear();
  }

  private get quality(): Quality {
    if (this.shown?.errorKey) return 'error';
    if (this.shown?.partial) return 'partial';
    if (!this.shown?.frame) return 'preview';
    return this.shown.frame.lossy ? 'lossy' : 'lossless';
  }

  private within(index: number): number {
    return Math.min(Math.max(Math.round(index), 0), Math.max((this.set?.images.length ?? 1) - 1, 0));
  }

  private scroll(index: number): void {
    const target = this.within(index);
    if (target === this.target) return;
    this.direction = target > this.target ? 1 : -1;
    void this.go(target);
  }

  /** Bring an image on screen; resolves when its first pixels, or the reason why there are none, are. */
  private async go(index: number): Promise<void> {
    const image = this.set?.images[index];
    if (!image) return;
    this.target = index;
    const kept = this.frames.cached(image);
    if (kept) {
      await this.present({ index, image, frame: kept, preview: null, errorKey: null });
      return;
    }
    const load = new AbortController();
    this.loads.push(load);
    const first = this.shown === null;
    const preview = this.preview(index, image, first ? 0 : PREVIEW_DELAY_MS, load.signal);
    const full = this.full(index, image, first ? Promise.race([preview, pause(PREVIEW_HEAD_START_MS)]) : null, load);
    this.giveUp(MOST_LOADS);
    await Promise.race([full, preview.then((done) => (done ? undefined : full))]);
  }

  private giveUp(keep: number): void {
    while (this.loads.length > keep) this.loads.shift()?.abort();
  }

  /** True when the preview came on screen. */
  private async preview(index: number, image: ImageReference, delay: number, signal: AbortSignal): Promise<boolean> {
    try {
      if (delay > 0) await pause(delay);
      signal.throwIfAborted();
      if (this.target !== index) return false;
      const preview = await loadPreview(image, this.chosen ? voiOf(this.chosen) : null, signal);
      if (this.target !== index) return false;
      if (this.shown?.image === image && this.shown.partial) return true;
      await this.present({ index, image, frame: null, preview, errorKey: null });
      return true;
    } catch {
      return false; // the image itself tells what is wrong
    }
  }

  private async full(index: number, image: ImageReference, start: Promise<unknown> | null, load: AbortController): Promise<void> {
    if (start) await start;
    let result: Pick<Shown, 'frame' | 'errorKey'>;
    try {
      const partial = (frame: DecodedFrame): void => {
        if (index === this.target) void this.present({ index, image, frame: null, partial: frame, preview: null, errorKey: null });
      };
      result = { frame: await this.frames.load(image, 'interaction', load.signal, partial), errorKey: null };
    } catch (reason) {
      result = { frame: null, errorKey: reason instanceof FrameError ? reason.key : 'error.image.decode' };
    }
    if (load.signal.aborted) return;
    load.abort(); // the preview is not needed any more
    this.loads = this.loads.filter((other) => other !== load);
    const wanted = index === this.target || (result.frame !== null && this.isNearer(index));
    if (wanted) await this.present({ index, image, preview: null, ...result });
  }

  /** Nearer to the image asked for than the one on screen: shown on the way, so that fast scrolling is seen. */
  private isNearer(index: number): boolean {
    return this.shown === null || Math.abs(index - this.target) < Math.abs(this.shown.index - this.target);
  }

  private async present(shown: Shown): Promise<void> {
    if (this.set?.images[shown.index] !== shown.image) return;
    this.shown = shown;
    const decoded = shown.frame ?? shown.partial;
    this.standard = decoded ? defaultTransform(decoded) : null;
    this.overlays.show(shown.image, shown.frame);
    this.drawing.shows();
    if (shown.frame && shown.index === this.target) this.prefetcher.focus(this.set, shown.index, this.direction);
    await this.paint();
  }

  private ready(index: number): boolean {
    const image = this.set?.images[index];
    if (!image) return false;
    if (this.frames.cached(image)) return true;
    this.frames.load(image, 'interaction').catch(() => this.stop());
    return false;
  }

  private get transform(): VoiTransform | null {
    return this.shown?.frame?.kind === 'colour' ? null : (this.chosen ?? this.standard);
  }

  private picture(): Picture | null {
    const { shown } = this;
    const decoded = shown?.frame ?? shown?.partial;
    if (decoded) return this.pictures.picture(decoded, this.transform, this.inverted);
    return shown?.preview ? { ...shown.preview, inverted: this.inverted } : null;
  }

  /** Draw what the state says and tell it. */
  private async paint(): Promise<void> {
    const { shown } = this;
    const picture = this.picture();
    const format = shown ? pixelFormat(shown.image.instance) : null;
    const drawn = picture && shown && format
      ? this.stage.show({ picture, image: { width: format.columns, height: format.rows }, aspect: pixelAspect(shown.image.instance, shown.image.frame) })
      : this.stage.show(null);
    await drawn;
    this.tell();
  }

  private tell(): void {
    const { state } = this;
    for (const listener of [...this.listeners]) listener(state);
  }

  private laidOut(): void {
    this.overlays.place(this.stage.placement);
    this.drawing.draw();
  }

  private zoomAt(factor: number, point: Point): void {
    this.stage.view = zoomedAt(this.stage.view, factor, point, this.stage.cell);
    void this.paint();
  }

  private sight(): Sight {
    return {
      reference: () => this.shown?.image ?? null,
      frame: () => this.shown?.frame ?? null,
      placement: () => this.stage.placement,
      transform: () => ({ voi: this.transform, inverted: this.inverted }),
      setVoi: (voi) => this.setVoi(voi),
      stop: () => this.cine.stop(),
      changed: () => this.tell(),
    };
  }

  private hands(): Hands {
    return {
      tool: () => this.tool,
      count: () => this.set?.images.length ?? 0,
      height: () => this.stage.cell.height,
      window: (dx, dy) => {
        const { transform } = this;
        if (transform) this.setVoi(dragged(voiOf(transform), dx, dy));
      },
      pan: (dx, dy) => {
        const [x, y] = this.stage.view.pan;
        this.stage.view = { ...this.stage.view, pan: [x + dx, y + dy] };
        void this.paint();
      },
      zoomAt: (factor, point) => this.zoomAt(factor, point),
      scroll: (delta) => this.scrollBy(delta),
    };
  }
}
