/** One cell of the reading room: the seam's Viewport on Cornerstone3D. */
import { Enums } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import type { DisplaySet, ImageReference } from '../core/display_set';
import { type DecodedFrame, FrameError, type FrameSource, frameBytes } from '../core/frame';
import { edgeLetters, orientation, position, spacing, turnLetters } from '../core/geometry';
import type { Affine } from '../core/affine';
import type { Presentation } from '../core/presentation';
import type { Tool, Viewport, ViewportState, Voi } from '../core/viewport';
import { isValid } from '../core/voi';
import type { DrawingBook } from '../drawing/book';
import { DrawingCell, type Sight } from '../drawing/drawing_cell';
import { DrawnOn } from '../drawing/drawn_on';
import { OverlayLayer } from '../drawing/overlay_layer';
import { Cine } from './cine';
import type { Engine, Seat } from './engine';
import { type Picture, cornerstoneMetadata } from './picture';
import { type ImagePlane, imagePlane } from './plane';
import { type Look, PLAIN, Presenter, draggedVoi } from './presentation';
import { Prefetch } from './prefetch';
import { preview } from './preview';
import { Surface } from './surface';
import { type Hand, ToolBelt } from './tools';
import { mirrored, rotated } from './turn';
import { FITTED, limited } from './view';

/** A frame that is not there by then is previewed. */
const PREVIEW_AFTER_MS = 150;
/** Loads of images already scrolled past that may go on, so that a fast scroll shows some of them. */
const OUTSTANDING = 3;
const DEFAULT_FRAMES_PER_SECOND = 15;

/** The name of an image that all cells share; a scheme of its own, as Cornerstone's `imageIdToURI` wants it. */
function uriOf(image: ImageReference): string {
  return `image:${image.sopInstanceUid}/${image.frame}`;
}

function planeOf({ instance, frame }: ImageReference): ImagePlane {
  const { row, column } = spacing(instance, frame);
  return imagePlane(position(instance, frame), orientation(instance, frame)?.flat() ?? null, [row, column]);
}

/** What is on the screen. */
interface OnScreen {
  readonly image: ImageReference;
  readonly index: number;
  /** Null: only a preview. */
  readonly frame: DecodedFrame | null;
}

export class ReadingViewport extends DrawnOn implements Viewport, Seat {
  private readonly surface: Surface;
  private readonly overlays: OverlayLayer;
  private readonly belt: ToolBelt;
  private readonly prefetch: Prefetch;
  private readonly presenter = new Presenter();
  private readonly cine = new Cine(() => this.step());
  private readonly observer: ResizeObserver;
  private readonly listeners = new Set<(state: ViewportState) => void>();
  private readonly seat: number;
  protected readonly drawing: DrawingCell;
  private displaySet: DisplaySet | null = null;
  private uris: ReadonlySet<string> = new Set();
  private look: Look = PLAIN;
  /** Where the reader wants to be; the screen follows. */
  private target = 0;
  private direction: 1 | -1 = 1;
  private onScreen: OnScreen | null = null;
  private errorKey: string | null = null;
  private ticket = 0;
  private drawn = 0;
  private outstanding: AbortController[] = [];
  private announced = 0;
  private destroyed = false;

  constructor(readonly element: HTMLElement, private readonly engine: Engine, private readonly frames: FrameSource,
    protected readonly book: DrawingBook, private readonly onDestroyed: () => void) {
    super();
    this.seat = engine.take(this);
    this.surface = new Surface(engine, element, this.seat);
    this.overlays = new OverlayLayer(element);
    this.prefetch = new Prefetch(frames);
    this.belt = new ToolBelt(`filmless-tools-${this.seat}`, this.surface.root, this.hand());
    this.belt.attach(this.surface.viewportId, engine.engineId);
    // Until a tool is chosen, a finger does what it does everywhere else: it scrolls.
    this.belt.use('window', 'scroll');
    this.observer = new ResizeObserver(() => engine.resize());
    this.observer.observe(this.surface.root);
    this.surface.root.addEventListener(Enums.Events.IMAGE_RENDERED, this.rendered);
    this.drawing = new DrawingCell(element, book, this.sight());
  }

  get state(): ViewportState {
    const { onScreen, displaySet, look } = this;
    const { turn } = this.surface.view;
    const quarters = turn.rotation / 90;
    const { instance, frame } = onScreen?.image ?? { instance: {}, frame: 1 };
    return {
      displaySet,
      index: onScreen?.index ?? this.target,
      count: displaySet?.images.length ?? 0,
      voi: onScreen?.frame ? this.presenter.voi(onScreen.frame, look) : look.voi,
      inverted: look.inverted,
      zoom: this.surface.zoom,
      quality: this.quality,
      playing: this.cine.playing,
      errorKey: this.errorKey,
      orientation: turnLetters(edgeLetters(instance, frame), turn.flipped ? -quarters : quarters, turn.flipped, false),
      ...this.drawing.state,
    };
  }

  async show(displaySet: DisplaySet, index?: number): Promise<void> {
    const grown = this.displaySet?.id === displaySet.id;
    const wanted = grown && index === undefined ? this.placeIn(displaySet) : index ?? 0;
    this.displaySet = displaySet;
    this.uris = new Set(displaySet.images.map(uriOf));
    this.surface.stack(displaySet.images.map(uriOf));
    this.drawing.stack(displaySet.images);
    if (!grown) this.open();
    this.target = Math.min(Math.max(wanted, 0), Math.max(displaySet.images.length - 1, 0));
    if (displaySet.images.length === 0) {
      this.fail('error.image.unsupported');
      return;
    }
    await this.go();
  }

  scrollTo(index: number): void {
    this.cine.stop();
    const count = this.displaySet?.images.length ?? 0;
    const target = Math.min(Math.max(Math.trunc(index), 0), count - 1);
    if (count === 0 || target === this.target) return;
    this.direction = target > this.target ? 1 : -1;
    this.target = target;
    void this.go();
  }

  scrollBy(delta: number): void {
    this.scrollTo(this.target + delta);
  }

  setVoi(voi: Voi): void {
    if (!isValid(voi) || this.onScreen?.frame?.kind === 'colour') return;
    this.look = { ...this.look, voi };
    void this.redraw();
  }

  setInverted(inverted: boolean): void {
    this.look = { ...this.look, inverted };
    void this.redraw();
  }

  setTool(tool: Tool): void {
    this.drawing.tool = tool;
    this.belt.use(tool);
  }

  zoomBy(factor: number): void {
    this.surface.magnify(factor);
  }

  reset(): void {
    this.look = PLAIN;
    this.surface.apply(FITTED);
    void this.redraw();
  }

  rotate(quarterTurns: number): void {
    this.surface.turn(rotated(this.surface.view.turn, quarterTurns));
    this.announceSoon();
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    this.surface.turn(mirrored(this.surface.view.turn, axis));
    this.announceSoon();
  }

  get placement(): Affine | null {
    return this.surface.placement;
  }

  get presentation(): Presentation {
    const { turn, magnification, centre } = this.surface.view;
    return { ...turn, magnification, centre };
  }

  setPresentation({ rotation, flipped, magnification, centre }: Presentation): void {
    this.surface.apply({ turn: { rotation, flipped }, magnification: limited(magnification), centre });
    this.announceSoon();
  }

  play(framesPerSecond?: number): void {
    if ((this.displaySet?.images.length ?? 0) < 2) return;
    this.cine.play(framesPerSecond ?? this.displaySet?.frameRate ?? DEFAULT_FRAMES_PER_SECOND);
    this.announce();
  }

  stop(): void {
    this.cine.stop();
    this.announce();
  }

  subscribe(listener: (state: ViewportState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.cine.stop();
    this.prefetch.stop();
    for (const abort of this.outstanding) abort.abort();
    cancelAnimationFrame(this.announced);
    this.observer.disconnect();
    this.listeners.clear();
    this.drawing.destroy();
    this.belt.destroy();
    this.overlays.destroy();
    this.surface.destroy();
    this.engine.leave(this.seat);
    this.onDestroyed();
  }

  // What Cornerstone asks of the cell.

  image(uri: string): Types.IImage | null {
    return this.surface.imageOf(uri);
  }

  metadata(type: string, uri: string): unknown {
    const { picture } = this.surface;
    const image = picture?.uri === uri ? this.onScreen?.image : this.displaySet?.images.find((one) => uriOf(one) === uri);
    if (!picture || !this.displaySet) return undefined;
    const plane = this.surface.planeOf(picture.uri === uri ? picture.plane : image ? planeOf(image) : picture.plane);
    return cornerstoneMetadata(type, picture.picture, plane, this.displaySet.seriesInstanceUid);
  }

  reseat(): void {
    this.surface.reseat();
    this.belt.attach(this.surface.viewportId, this.engine.engineId);
    void this.redraw();
  }

  refit(): void {
    this.surface.refit();
  }

  private get quality(): ViewportState['quality'] {
    if (this.errorKey !== null) return 'error';
    if (!this.onScreen?.frame) return 'preview';
    return this.onScreen.frame.lossy ? 'lossy' : 'lossless';
  }

  /** A new display set: nothing of the last one stays. */
  private open(): void {
    this.cine.stop();
    this.prefetch.stop();
    this.look = PLAIN;
    this.direction = 1;
    this.onScreen = null;
    this.surface.clear();
    this.overlays.clear();
    this.surface.apply(FITTED);
    this.drawing.shows();
  }

  /** Where the image on the screen is in a display set that has grown. */
  private placeIn(displaySet: DisplaySet): number {
    const current = this.displaySet?.images[this.target];
    const at = displaySet.images.findIndex((image) => image.frameUrl === current?.frameUrl);
    return at >= 0 ? at : this.target;
  }

  /** Bring the target on the screen; settles when its first pixels are there, or cannot be. */
  private async go(): Promise<void> {
    const image = this.displaySet?.images[this.target];
    if (!image) return;
    const index = this.target;
    const ticket = (this.ticket += 1);
    const kept = this.frames.cached(image);
    if (kept) {
      await this.draw({ image, index, frame: kept }, ticket);
      return;
    }
    const abort = new AbortController();
    this.outstanding.push(abort);
    for (const old of this.outstanding.splice(0, this.outstanding.length - OUTSTANDING)) old.abort();
    const first = new Promise<void>((resolve) => {
      const timer = setTimeout(() => void this.drawPreview(image, index, ticket, abort.signal).then((seen) => seen && resolve()), PREVIEW_AFTER_MS);
      void this.loadAndDraw(image, index, ticket, abort).finally(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    await first;
  }

  private async loadAndDraw(image: ImageReference, index: number, ticket: number, abort: AbortController): Promise<void> {
    try {
      const frame = await this.frames.load(image, 'interaction', abort.signal);
      await this.draw({ image, index, frame }, ticket);
    } catch (reason) {
      if (abort.signal.aborted || this.destroyed || ticket !== this.ticket) return;
      if (!(reason instanceof FrameError)) console.error(reason);
      this.fail(reason instanceof FrameError ? reason.key : 'error.image');
    } finally {
      this.outstanding = this.outstanding.filter((one) => one !== abort);
    }
  }

  private async drawPreview(image: ImageReference, index: number, ticket: number, signal: AbortSignal): Promise<boolean> {
    if (ticket !== this.ticket) return false;
    const found = await preview(image, this.look, signal);
    // The frame itself, or another image, was faster.
    if (!found || signal.aborted || ticket !== this.ticket || this.drawn >= ticket) return false;
    await this.put({ image, index, frame: null }, found);
    return true;
  }

  /** Draw a frame, unless a later one is there already. */
  private async draw(next: OnScreen, ticket: number): Promise<void> {
    if (this.destroyed || ticket < this.drawn || !next.frame || !this.uris.has(uriOf(next.image))) return;
    this.drawn = ticket;
    await this.put(next, this.presenter.picture(next.frame, this.look));
    if (this.displaySet) this.prefetch.around(this.displaySet.images, this.target, this.direction, frameBytes(next.frame));
  }

  private async put(next: OnScreen, shown: Picture): Promise<void> {
    const { image } = next;
    const plane = planeOf(image);
    const uri = uriOf(image);
    this.onScreen = next;
    this.errorKey = null;
    this.overlays.show(image, next.frame);
    await this.surface.show({ uri, picture: shown, plane });
    this.overlays.place(this.surface.placement);
    if (this.onScreen !== next) return;
    this.drawing.shows();
    this.announce();
  }

  /** The same image with another look. */
  private async redraw(): Promise<void> {
    const { onScreen } = this;
    if (onScreen?.frame) await this.put(onScreen, this.presenter.picture(onScreen.frame, this.look));
    else this.announce();
  }

  private fail(key: string): void {
    this.errorKey = key;
    this.onScreen = null;
    this.surface.clear();
    this.overlays.clear();
    this.drawing.shows();
    this.announce();
  }

  private async step(): Promise<void> {
    const count = this.displaySet?.images.length ?? 0;
    if (count < 2) return;
    this.direction = 1;
    this.target = (this.target + 1) % count;
    await this.go();
  }

  private hand(): Hand {
    return {
      window: (dx, dy) => {
        const voi = this.onScreen?.frame ? this.presenter.voi(this.onScreen.frame, this.look) : null;
        if (voi) this.setVoi(draggedVoi(voi, dx, dy));
      },
      pan: (dx, dy) => this.surface.pan(dx, dy),
      zoom: (factor, about) => this.surface.magnify(factor, about),
      scroll: (images) => this.scrollBy(images),
    };
  }

  private sight(): Sight {
    return {
      reference: () => this.onScreen?.image ?? null,
      frame: () => this.onScreen?.frame ?? null,
      placement: () => this.surface.placement,
      transform: () => ({ voi: this.onScreen?.frame ? this.presenter.transformOf(this.onScreen.frame, this.look) : null, inverted: this.look.inverted }),
      setVoi: (voi) => this.setVoi(voi),
      stop: () => this.cine.stop(),
      changed: () => this.announceSoon(),
    };
  }

  private readonly rendered = (): void => {
    this.overlays.place(this.surface.placement);
    this.drawing.draw();
    this.announceSoon();
  };

  private readonly announceSoon = (): void => {
    if (this.announced !== 0 || this.destroyed) return;
    this.announced = requestAnimationFrame(() => {
      this.announced = 0;
      this.announce();
    });
  };

  private announce(): void {
    if (this.destroyed || this.listeners.size === 0) return;
    const { state } = this;
    for (const listener of this.listeners) listener(state);
  }
}
