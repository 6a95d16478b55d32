/** Draws a slide: coarse tiles at once, fine ones over them as they come; what is out of sight is not asked for. */
import { defaultTransform, type DecodedFrame, displayValues, type FrameSource } from '../../../core/frame';
import { levelFor, type SlideLevel, type SlideView, type Tile, tilePlace, tilesInSight } from '../../../core/slide';

/** Tiles kept ready to draw; the decoded ones are in the cache that all cells share. */
const MOST_KEPT = 256;
/** A coarse level of so few tiles is loaded as the ground under the finer ones. */
const GROUND_TILES = 16;

function picture(frame: DecodedFrame): ImageData {
  const { columns, rows } = frame.format;
  if (frame.kind === 'colour') return new ImageData(frame.rgba, columns, rows);
  const transform = defaultTransform(frame);
  const values = transform ? displayValues(frame, transform, false) : new Uint8Array(columns * rows);
  const rgba = new Uint8ClampedArray(values.length * 4);
  for (let at = 0; at < values.length; at += 1) rgba.set([values[at] ?? 0, values[at] ?? 0, values[at] ?? 0, 255], at * 4);
  return new ImageData(rgba, columns, rows);
}

export class SlidePicture {
  private readonly kept = new Map<string, ImageBitmap>();
  private readonly asked = new Map<string, AbortController>();
  private readonly failed = new Set<string>();
  private closed = false;

  /** @param changed a tile has come, or cannot be had */
  constructor(private readonly levels: readonly SlideLevel[], private readonly frames: FrameSource, private readonly changed: () => void) {}

  get hasFailed(): boolean {
    return this.failed.size > 0;
  }

  /** Draw what is in sight; true when every tile of the wanted level is there. */
  draw(canvas: HTMLCanvasElement, view: SlideView, screen: { readonly width: number; readonly height: number }): boolean {
    const [context, [largest]] = [canvas.getContext('2d'), this.levels];
    if (!context || !largest) return false;
    const ratio = globalThis.devicePixelRatio || 1;
    const [width, height] = [Math.round(screen.width * ratio), Math.round(screen.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, screen.width, screen.height);
    context.imageSmoothingEnabled = view.scale * ratio < 4;
    const wanted = levelFor(this.levels, view.scale * ratio);
    const inSight = new Set<string>();
    let whole = true;
    for (let at = this.levels.length - 1; at >= wanted; at -= 1) {
      const level = this.levels[at];
      if (!level || (at > wanted && at < this.levels.length - 1)) continue;
      if (at > wanted && level.tiles.length > GROUND_TILES) continue;
      const tiles = tilesInSight(level, largest, view, screen);
      for (const tile of tiles) {
        inSight.add(tile.image.frameUrl);
        const drawn = this.put(context, tile, tilePlace(tile, level, largest, view, screen));
        if (at === wanted && !drawn) whole = false;
      }
    }
    for (const [url, abort] of this.asked) if (!inSight.has(url)) abort.abort();
    return whole;
  }

  close(): void {
    this.closed = true;
    for (const abort of this.asked.values()) abort.abort();
    for (const bitmap of this.kept.values()) bitmap.close();
    this.kept.clear();
  }

  private put(context: CanvasRenderingContext2D, tile: Tile, [left, top, width, height]: readonly [number, number, number, number]): boolean {
    const url = tile.image.frameUrl;
    const bitmap = this.kept.get(url);
    if (!bitmap) {
      void this.ask(tile);
      return false;
    }
    this.kept.delete(url);
    this.kept.set(url, bitmap);
    // Whole pixels, so that no seam is seen between tiles.
    const [x, y] = [Math.round(left), Math.round(top)];
    context.drawImage(bitmap, x, y, Math.round(left + width) - x, Math.round(top + height) - y);
    return true;
  }

  private async ask(tile: Tile): Promise<void> {
    const url = tile.image.frameUrl;
    if (this.asked.has(url) || this.failed.has(url)) return;
    const abort = new AbortController();
    this.asked.set(url, abort);
    try {
      const bitmap = await createImageBitmap(picture(await this.frames.load(tile.image, 'interaction', abort.signal)));
      if (this.closed) bitmap.close();
      else this.keep(url, bitmap);
    } catch {
      if (!abort.signal.aborted) this.failed.add(url);
    } finally {
      this.asked.delete(url);
    }
    if (!this.closed) this.changed();
  }

  private keep(url: string, bitmap: ImageBitmap): void {
    this.kept.set(url, bitmap);
    const [oldest] = this.kept;
    if (this.kept.size <= MOST_KEPT || !oldest) return;
    oldest[1].close();
    this.kept.delete(oldest[0]);
  }
}
