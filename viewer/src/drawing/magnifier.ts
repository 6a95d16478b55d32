/** A round glass that shows what is under the hand three times as large, with the values that are on the screen. */
import { apply, compose, scaling } from '../core/affine';
import { type DecodedFrame, displayValues } from '../core/frame';
import type { Point } from '../core/geometry';
import type { VoiTransform } from '../core/grayscale';
import type { Ground } from './hand';

const RADIUS = 110;
const FACTOR = 3;

/** A frame as it is on the screen. */
function picture(frame: DecodedFrame, voi: VoiTransform | null, inverted: boolean): HTMLCanvasElement {
  const { rows, columns } = frame.format;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: columns, height: rows });
  const rgba = new Uint8ClampedArray(rows * columns * 4).fill(255);
  if (frame.kind === 'colour') {
    for (let at = 0; at < rgba.length; at += 1) rgba[at] = at % 4 === 3 || !inverted ? (frame.rgba[at] ?? 0) : 255 - (frame.rgba[at] ?? 0);
  } else if (voi) {
    displayValues(frame, voi, inverted).forEach((value, at) => rgba.fill(value, at * 4, at * 4 + 3));
  }
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, columns, rows), 0, 0);
  return canvas;
}

export class Magnifier {
  private readonly canvas = document.createElement('canvas');
  private source: { readonly of: readonly unknown[]; readonly picture: HTMLCanvasElement } | null = null;

  constructor(element: HTMLElement) {
    this.canvas.dataset['layer'] = 'magnifier';
    this.canvas.hidden = true;
    this.canvas.style.cssText = `position:absolute;left:0;top:0;width:${2 * RADIUS}px;height:${2 * RADIUS}px;border-radius:50%;`
      + 'box-shadow:0 0 0 2px #dbe3ec,0 6px 24px #000;pointer-events:none;z-index:3;background:#000';
    element.append(this.canvas);
  }

  get shown(): boolean {
    return !this.canvas.hidden;
  }

  show(at: Point, ground: Ground, voi: VoiTransform | null, inverted: boolean): void {
    const ratio = window.devicePixelRatio;
    const side = Math.round(2 * RADIUS * ratio);
    Object.assign(this.canvas, { width: side, height: side });
    this.canvas.hidden = false;
    this.canvas.style.transform = `translate(${at[0] - RADIUS}px, ${at[1] - RADIUS}px)`;
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const large = compose(scaling(FACTOR * ratio, FACTOR * ratio), ground.placement);
    const [x, y] = apply(scaling(FACTOR * ratio, FACTOR * ratio), at);
    context.setTransform(large.a, large.b, large.c, large.d, large.e - x + side / 2, large.f - y + side / 2);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.pictureOf(ground, voi, inverted), 0, 0);
  }

  hide(): void {
    this.canvas.hidden = true;
    this.source = null;
  }

  destroy(): void {
    this.canvas.remove();
  }

  private pictureOf({ frame }: Ground, voi: VoiTransform | null, inverted: boolean): HTMLCanvasElement {
    const of = [frame, voi, inverted];
    if (!this.source?.of.every((one, at) => one === of[at])) this.source = { of, picture: picture(frame, voi, inverted) };
    return this.source.picture;
  }
}
