/** The Cornerstone3D viewport of one cell: puts pictures on the screen and says where they are. */
import { Enums, type StackViewport, getShouldUseCPURendering } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { type Affine, compose, scaling, through } from '../core/affine';
import type { Point } from '../core/geometry';
import type { Engine } from './engine';
import { type Picture, cornerstoneImage } from './picture';
import { type ImagePlane, fromCorner, toImage, toWorld } from './plane';
import { type Turn, axes } from './turn';
import { FITTED, type View, fittedZoom, limited } from './view';

/** A picture and its place, under the name it has in the stack. */
export interface Shown {
  readonly uri: string;
  readonly picture: Picture;
  readonly plane: ImagePlane;
}

/** A rendered frame is waited for this long; a cell that is not visible never renders. */
const RENDER_TIMEOUT_MS = 250;
/** Putting a picture that is at hand into the stack takes milliseconds. */
const SETTLE_TIMEOUT_MS = 2000;

export class Surface {
  readonly root: HTMLDivElement;
  readonly viewportId: string;
  private viewport: StackViewport;
  private uris: readonly string[] = [];
  private stacked = false;
  private shown: Shown | null = null;
  private image: Types.IImage | null = null;
  private current: View = FITTED;

  constructor(private readonly engine: Engine, host: HTMLElement, private readonly seat: number) {
    this.viewportId = `filmless-cell-${seat}`;
    this.root = document.createElement('div');
    this.root.className = 'reading-surface';
    Object.assign(this.root.style, { position: 'relative', width: '100%', height: '100%', overflow: 'hidden', touchAction: 'none' });
    this.root.addEventListener('contextmenu', prevent);
    host.append(this.root);
    this.viewport = this.sit();
  }

  get onCpu(): boolean {
    return getShouldUseCPURendering();
  }

  get view(): View {
    return this.current;
  }

  /** The names of the images that scroll together. */
  stack(uris: readonly string[]): void {
    this.uris = uris;
    this.stacked = false;
  }

  /** What Cornerstone asks the image loader for. */
  imageOf(uri: string): Types.IImage | null {
    return this.shown?.uri === uri ? this.image : null;
  }

  /** The picture's plane in the convention of the rendering path. */
  planeOf(plane: ImagePlane): ImagePlane {
    return this.onCpu ? fromCorner(plane) : plane;
  }

  get picture(): Shown | null {
    return this.shown;
  }

  /** Put a picture of the stack on the screen; resolves when it has been drawn. */
  async show(shown: Shown): Promise<void> {
    const before = this.shown;
    const same = before?.uri === shown.uri && this.stacked && sameSize(before, shown);
    this.shown = shown;
    this.image = cornerstoneImage(this.idOf(shown.uri), shown.picture, this.planeOf(shown.plane));
    if (same) this.viewport.renderImageObject(this.image);
    else await this.settled(shown, this.change(before));
    if (this.overtaken(shown)) return;
    if (!before || !sameSize(before, shown) || !this.stands()) this.apply(before ? this.current : FITTED);
    await this.render();
  }

  /**
   * Cornerstone's promise of an image that another one has overtaken may never settle, or fail because the image is no
   * longer at hand: neither matters then.
   */
  private async settled(shown: Shown, work: Promise<void>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SETTLE_TIMEOUT_MS);
    });
    try {
      await Promise.race([work, patience]);
    } catch (reason) {
      if (!this.overtaken(shown)) throw reason;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Another picture was asked for in the meantime. */
  private overtaken(shown: Shown): boolean {
    return this.shown !== shown;
  }

  private async change(before: Shown | null): Promise<void> {
    const uri = this.shown?.uri ?? '';
    const index = this.uris.indexOf(uri);
    if (before && before.uri !== uri) this.engine.forget(this.idOf(before.uri));
    this.engine.forget(this.idOf(uri));
    if (this.stacked && this.viewport.getCurrentImageIdIndex() !== index) {
      await this.viewport.setImageIdIndex(index);
      return;
    }
    this.stacked = true;
    await this.viewport.setStack(this.uris.map((name) => this.idOf(name)), index);
    this.apply(this.current);
  }

  /** Nothing on the screen. */
  clear(): void {
    if (this.shown) this.engine.forget(this.idOf(this.shown.uri));
    this.shown = null;
    this.image = null;
    this.stacked = false;
    const canvas = this.viewport.getCanvas();
    canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
  }

  /** See the image so. */
  apply(view: View): void {
    this.current = view;
    const { shown } = this;
    if (!shown || this.root.clientWidth === 0 || this.root.clientHeight === 0) return;
    this.viewport.resetCamera({ suppressEvents: true });
    this.turnTo(view.turn);
    const wanted = fittedZoom(this.size, shown.picture, shown.plane, view.turn) * view.magnification;
    const zoom = this.zoom;
    if (zoom > 0) this.viewport.setZoom((this.viewport.getZoom() * wanted) / zoom);
    this.centreOn(view.centre ?? [shown.picture.columns / 2, shown.picture.rows / 2]);
    void this.render();
  }

  /** Magnify about a point of the cell (CSS pixels), or about its middle. */
  magnify(factor: number, about?: Point): void {
    const magnification = limited(this.current.magnification * factor);
    const fixed = about ? this.imagePoint(about) : null;
    this.apply({ ...this.current, magnification, centre: this.centre });
    const now = fixed ? this.cellPoint(fixed) : null;
    if (about && now) this.pan(about[0] - now[0], about[1] - now[1]);
  }

  /** Move the picture by CSS pixels. */
  pan(dx: number, dy: number): void {
    const { width, height } = this.size;
    const centre = this.imagePoint([width / 2 - dx, height / 2 - dy]);
    if (!centre) return;
    this.current = { ...this.current, centre };
    this.centreOn(centre);
    void this.render();
  }

  turn(turn: Turn): void {
    this.apply({ ...this.current, turn, centre: this.current.centre && this.centre });
  }

  /** CSS pixels from one column of the image to the next. */
  get zoom(): number {
    const [a, b] = [this.cellPoint([0, 0]), this.cellPoint([1, 0])];
    return a && b ? Math.hypot(b[0] - a[0], b[1] - a[1]) : 0;
  }

  /** Image coordinates of a point of the cell. */
  imagePoint([x, y]: Point): Point | null {
    if (!this.shown) return null;
    const world = this.viewport.canvasToWorld([x, y]);
    return world.every(Number.isFinite) ? toImage(this.shown.plane, world) : null;
  }

  /** Point of the cell, in CSS pixels, of image coordinates. */
  cellPoint(point: Point): Point | null {
    if (!this.shown) return null;
    const [x, y] = this.viewport.worldToCanvas(toWorld(this.shown.plane, point));
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  }

  /** From image coordinates to CSS pixels of the cell; null while there is no image. */
  get placement(): Affine | null {
    const { columns, rows } = this.shown?.picture ?? { columns: 0, rows: 0 };
    const [origin, right, down] = [this.cellPoint([0, 0]), this.cellPoint([columns, 0]), this.cellPoint([0, rows])];
    if (!origin || !right || !down) return null;
    return compose(through(origin, right, down), scaling(1 / columns, 1 / rows));
  }

  /** The cell has another size, or another cell had and Cornerstone touched them all. */
  refit(): void {
    this.sharpen();
    this.apply(this.current);
  }

  /** Take a place in the new engine. */
  reseat(): void {
    this.root.replaceChildren();
    this.viewport = this.sit();
    this.stacked = false;
  }

  destroy(): void {
    if (this.shown) this.engine.forget(this.idOf(this.shown.uri));
    this.shown = null;
    this.image = null;
    this.engine.disable(this.viewportId);
    this.root.removeEventListener('contextmenu', prevent);
    this.root.remove();
  }

  private get size(): { width: number; height: number } {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  private get centre(): Point | null {
    return this.imagePoint([this.size.width / 2, this.size.height / 2]);
  }

  private idOf(uri: string): string {
    return this.engine.imageId(this.seat, uri);
  }

  private sit(): StackViewport {
    const viewport = this.engine.enable(this.viewportId, this.root);
    // With the focus Cornerstone would take every key, Tab and the browser's own included; the page handles keys.
    this.root.removeAttribute('tabindex');
    this.sharpen(viewport);
    return viewport;
  }

  /** Cornerstone's CPU path forgets that a screen may have more pixels than CSS has. */
  private sharpen(viewport = this.viewport): void {
    if (!this.onCpu) return;
    const canvas = viewport.getCanvas();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width > 0 && height > 0 && (canvas.width !== width || canvas.height !== height)) Object.assign(canvas, { width, height });
  }

  /** True when the picture on the screen is turned as wanted. */
  private stands(): boolean {
    const [origin, right, down] = [this.cellPoint([0, 0]), this.cellPoint([1, 0]), this.cellPoint([0, 1])];
    if (!origin || !right || !down) return false;
    const { x, y } = axes(this.current.turn);
    const along = (to: Point, [dx, dy]: Point): boolean => (to[0] - origin[0]) * dx + (to[1] - origin[1]) * dy > 0;
    return along(right, x) && along(down, y);
  }

  private turnTo(turn: Turn): void {
    this.viewport.setViewPresentation({ rotation: 0 });
    this.viewport.setCamera({ flipHorizontal: turn.flipped, flipVertical: false });
    if (turn.rotation !== 0) this.viewport.setViewPresentation({ rotation: turn.rotation });
  }

  private centreOn(point: Point): void {
    const { shown } = this;
    const middle = this.centre;
    const { focalPoint, position } = this.viewport.getCamera();
    if (!shown || !middle || !focalPoint || !position) return;
    const [from, to] = [toWorld(shown.plane, middle), toWorld(shown.plane, point)];
    const moved = (place: Types.Point3): Types.Point3 => [
      place[0] + to[0] - from[0], place[1] + to[1] - from[1], place[2] + to[2] - from[2],
    ];
    this.viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
  }

  private render(): Promise<void> {
    return new Promise((resolve) => {
      const { root } = this;
      const done = (): void => {
        clearTimeout(timer);
        root.removeEventListener(Enums.Events.IMAGE_RENDERED, done);
        resolve();
      };
      const timer = setTimeout(done, RENDER_TIMEOUT_MS);
      root.addEventListener(Enums.Events.IMAGE_RENDERED, done);
      this.viewport.render();
    });
  }
}

function prevent(event: Event): void {
  event.preventDefault();
}

function sameSize(one: Shown, other: Shown): boolean {
  return one.picture.columns === other.picture.columns && one.picture.rows === other.picture.rows
    && one.picture.components === other.picture.components
    && one.plane.columnSpacing === other.plane.columnSpacing && one.plane.rowSpacing === other.plane.rowSpacing;
}
