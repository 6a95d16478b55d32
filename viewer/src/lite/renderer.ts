/** What a Lite renderer draws, whether on WebGL2 or on a 2D canvas. */
import type { Affine, Size } from './view';

/** Grayscale cells with the display value of every cell value: exact, and a new window costs one small table. */
export interface IndexedPicture {
  readonly kind: 'indexed';
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array | Uint16Array;
  /** 256 or 65536 display values. */
  readonly table: Uint8Array<ArrayBuffer>;
}

/** Ready colours (or grays too deep for a table). */
export interface ColourPicture {
  readonly kind: 'colour';
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly inverted: boolean;
}

/** A decoded picture of the browser: the preview that the server rendered. */
export interface PreviewPicture {
  readonly kind: 'preview';
  readonly width: number;
  readonly height: number;
  readonly bitmap: ImageBitmap | HTMLImageElement;
  readonly inverted: boolean;
}

export type Picture = IndexedPicture | ColourPicture | PreviewPicture;

export interface Renderer {
  readonly kind: 'gpu' | 'cpu';
  readonly canvas: HTMLCanvasElement;
  /**
   * Draw one picture on black.
   * @param toCanvas from picture pixels to device pixels of the canvas
   * @throws PictureTooLarge
   */
  draw(picture: Picture | null, toCanvas: Affine): void;
  /** Size of the canvas in device pixels. */
  resize(size: Size): void;
  destroy(): void;
}

/** The picture does not fit into this renderer's memory; another renderer may show it. */
export class PictureTooLarge extends Error {}

/** Device pixels a picture pixel takes, the smaller way: below 1 the picture is shown reduced. */
export function scaleOf({ a, b, c, d }: Affine): number {
  return Math.min(Math.hypot(a, b), Math.hypot(c, d));
}
