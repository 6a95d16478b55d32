/** Messages between the page and its decode workers. */
import type { Palette } from '../core/colour';
import type { FrameErrorKey } from '../core/frame';
import type { RawPixels } from '../core/grayscale';
import type { Transfer } from '../core/line';
import type { PixelFormat } from '../core/pixel_format';

/** Fetch and decode one frame. */
export interface FrameRequest {
  readonly kind: 'frame';
  readonly id: number;
  readonly url: string;
  readonly format: PixelFormat;
  /** Transfer syntaxes to ask the server for. */
  readonly accept: string;
  /** For PALETTE COLOR. */
  readonly palette: Palette | null;
  /** Somebody looks at it: what is here of it is worth showing. */
  readonly partial: boolean;
}

export interface AbortRequest {
  readonly kind: 'abort';
  readonly id: number;
}

export type Request = FrameRequest | AbortRequest;

export type Answer =
  /** How an answer came over the line; not told of one that the browser had already. */
  | { readonly kind: 'transfer'; readonly id: number; readonly transfer: Transfer }
  /** All bytes are here; decoding starts. */
  | { readonly kind: 'received'; readonly id: number }
  /** The image in fewer rows and columns, from the part of a codestream that is here. */
  | { readonly kind: 'partial'; readonly id: number; readonly pixels: RawPixels; readonly rows: number; readonly columns: number }
  | { readonly kind: 'grayscale'; readonly id: number; readonly pixels: RawPixels }
  | { readonly kind: 'colour'; readonly id: number; readonly rgba: Uint8ClampedArray<ArrayBuffer> }
  | { readonly kind: 'error'; readonly id: number; readonly key: FrameErrorKey };
