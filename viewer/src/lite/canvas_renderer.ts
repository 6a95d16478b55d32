/** Draws on a 2D canvas, where there is no usable WebGL2: the same display values, computed pixel by pixel. */
import { type Picture, type Renderer, scaleOf } from './renderer';
import type { Affine, Size } from './view';

function rgbaOf(picture: Exclude<Picture, { kind: 'preview' }>): Uint8ClampedArray<ArrayBuffer> {
  if (picture.kind === 'colour') {
    if (!picture.inverted) return picture.rgba;
    return picture.rgba.map((value, at) => (at % 4 === 3 ? value : 255 - value));
  }
  const { pixels, table } = picture;
  const rgba = new Uint8ClampedArray(pixels.length * 4);
  for (let at = 0; at < pixels.length; at += 1) {
    const value = table[pixels[at] ?? 0] ?? 0;
    rgba[at * 4] = value;
    rgba[at * 4 + 1] = value;
    rgba[at * 4 + 2] = value;
    rgba[at * 4 + 3] = 255;
  }
  return rgba;
}

function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const found = canvas.getContext('2d', { alpha: false });
  if (!found) throw new Error('There is no 2D canvas here');
  return found;
}

export class CanvasRenderer implements Renderer {
  readonly kind = 'cpu';
  readonly canvas = document.createElement('canvas');
  private readonly screen = context(this.canvas);
  /** The picture at its own size, with its display values. */
  private readonly page = document.createElement('canvas');
  private painted: readonly unknown[] = [];

  resize({ width, height }: Size): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  draw(picture: Picture | null, toCanvas: Affine): void {
    const { screen } = this;
    screen.setTransform(1, 0, 0, 1, 0, 0);
    screen.fillStyle = '#000';
    screen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (!picture) return;
    this.paint(picture);
    screen.setTransform(toCanvas.a, toCanvas.b, toCanvas.c, toCanvas.d, toCanvas.e, toCanvas.f);
    screen.imageSmoothingEnabled = true;
    screen.imageSmoothingQuality = scaleOf(toCanvas) < 1 ? 'high' : 'low';
    screen.drawImage(this.page, 0, 0);
  }

  destroy(): void {
    this.canvas.remove();
    this.page.width = 0;
    this.page.height = 0;
  }

  private paint(picture: Picture): void {
    const now = picture.kind === 'indexed' ? [picture.pixels, picture.table] : [picture.kind === 'colour' ? picture.rgba : picture.bitmap, picture.inverted];
    if (now.every((part, at) => part === this.painted[at])) return;
    this.painted = now;
    this.page.width = picture.width;
    this.page.height = picture.height;
    const page = context(this.page);
    if (picture.kind === 'preview') {
      page.drawImage(picture.bitmap, 0, 0);
      if (picture.inverted) {
        page.globalCompositeOperation = 'difference';
        page.fillStyle = '#fff';
        page.fillRect(0, 0, picture.width, picture.height);
      }
    } else page.putImageData(new ImageData(rgbaOf(picture), picture.width, picture.height), 0, 0);
  }
}
