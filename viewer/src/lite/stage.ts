/** The drawing surface of one cell: canvas, size in device pixels, the renderer and what to do when it fails. */
import { CanvasRenderer } from './canvas_renderer';
import { type Picture, PictureTooLarge, type Renderer } from './renderer';
import { type Affine, compose, FITTED, imageToCell, resized, scaling, type Size, type View } from './view';
import { WebglRenderer } from './webgl_renderer';

/** A lost context that does not come back by then is given up: the processor draws. */
const RESTORE_PATIENCE_MS = 3000;

/** An image on the stage: the picture may be smaller than the image it stands for (a preview). */
export interface Scene {
  readonly picture: Picture;
  /** Size of the real image. */
  readonly image: Size;
  /** Height of an image pixel by its width. */
  readonly aspect: number;
}

export class Stage {
  view: View = FITTED;
  private renderer: Renderer;
  private scene: Scene | null = null;
  private size: Size = { width: 1, height: 1 };
  private readonly observer: ResizeObserver;
  private scheduled = 0;
  private waiting: (() => void)[] = [];
  private patience: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param onLayout the place of the image on the cell has changed: the layer above has to follow
   * @param onResize the cell has another size
   */
  constructor(
    private readonly element: HTMLElement,
    private readonly cpuOnly: boolean,
    private readonly onLayout: () => void,
    private readonly onResize: () => void,
  ) {
    this.renderer = this.create();
    this.place();
    this.observer = new ResizeObserver(() => {
      this.measure();
      this.onResize();
    });
    this.observer.observe(element);
    // Not drawn yet: whoever follows the layout is still being built.
    this.readSize();
  }

  get rendererKind(): 'gpu' | 'cpu' {
    return this.renderer.kind;
  }

  /** Size of the cell in CSS pixels. */
  get cell(): Size {
    return this.size;
  }

  /** From image coordinates to CSS pixels of the cell; null while there is no image. */
  get placement(): Affine | null {
    return this.scene ? imageToCell(this.view, this.scene.image, this.scene.aspect, this.size) : null;
  }

  /** Resolves when the image is drawn. */
  show(scene: Scene | null): Promise<void> {
    this.scene = scene;
    return this.redraw();
  }

  redraw(): Promise<void> {
    if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.draw());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  destroy(): void {
    cancelAnimationFrame(this.scheduled);
    clearTimeout(this.patience);
    this.observer.disconnect();
    this.renderer.destroy();
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private create(): Renderer {
    if (this.cpuOnly) return new CanvasRenderer();
    try {
      return new WebglRenderer(() => this.lost(), () => this.restored());
    } catch {
      return new CanvasRenderer();
    }
  }

  private place(): void {
    Object.assign(this.renderer.canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%', display: 'block' });
    this.element.prepend(this.renderer.canvas);
    this.element.dataset['renderer'] = this.renderer.kind;
  }

  private fallBack(): void {
    this.renderer.destroy();
    this.renderer = new CanvasRenderer();
    this.place();
    this.measure();
  }

  private lost(): void {
    this.patience = setTimeout(() => this.fallBack(), RESTORE_PATIENCE_MS);
  }

  private restored(): void {
    clearTimeout(this.patience);
    void this.redraw();
  }

  private readSize(): void {
    this.size = { width: Math.max(this.element.clientWidth, 1), height: Math.max(this.element.clientHeight, 1) };
  }

  private measure(): void {
    const { size: before, scene } = this;
    this.readSize();
    if (scene) this.view = resized(this.view, scene.image, scene.aspect, before, this.size);
    // Drawn at once: a canvas is empty after its size changed, and must not flash.
    cancelAnimationFrame(this.scheduled);
    this.draw();
  }

  private draw(): void {
    this.scheduled = 0;
    const ratio = window.devicePixelRatio;
    const device = { width: Math.round(this.size.width * ratio), height: Math.round(this.size.height * ratio) };
    this.renderer.resize(device);
    this.paint(compose(scaling(device.width / this.size.width, device.height / this.size.height), this.placement ?? scaling(1, 1)));
    this.onLayout();
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private paint(toCanvas: Affine): void {
    const { scene } = this;
    if (!scene) {
      this.renderer.draw(null, toCanvas);
      return;
    }
    const { picture, image } = scene;
    const map = compose(toCanvas, scaling(image.width / picture.width, image.height / picture.height));
    try {
      this.renderer.draw(picture, map);
    } catch (reason) {
      if (!(reason instanceof PictureTooLarge)) throw reason;
      this.fallBack();
    }
  }
}
