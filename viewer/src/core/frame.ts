/** A decoded frame, ready for display and measuring, and where viewports get them from. */
import type { ImageReference } from './display_set';
import { defaultVoi, displayPixels, displayTable, type GrayscaleParameters, modalityTable, type RawPixels, type VoiTransform } from './grayscale';
import type { MemoryShare } from './memory_share';
import type { PixelFormat } from './pixel_format';

export interface GrayscaleFrame {
  readonly kind: 'grayscale';
  readonly format: PixelFormat;
  readonly parameters: GrayscaleParameters;
  /** Raw cells in row order, as delivered: `storedValue` reads one, `modalityValue` gives its HU. */
  readonly pixels: RawPixels;
  /** Compressed with loss before it was received (Lossy Image Compression). */
  readonly lossy: boolean;
}

export interface ColourFrame {
  readonly kind: 'colour';
  readonly format: PixelFormat;
  /** Red, green, blue, 255 of each pixel in row order. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly lossy: boolean;
}

export type DecodedFrame = GrayscaleFrame | ColourFrame;

/** Who waits for a frame: the eye on it, a small picture of it, or nobody yet. */
export type Priority = 'interaction' | 'thumbnail' | 'prefetch';

/** Why a frame cannot be shown; the text is a catalogue key of src/i18n. */
export type FrameErrorKey = `error.image.${'network' | 'signed_out' | 'forbidden' | 'not_found' | 'decode' | 'unsupported'}`;

export class FrameError extends Error {
  constructor(readonly key: FrameErrorKey) {
    super(key);
    this.name = 'FrameError';
  }
}

/** Where frames come from; all viewports of a page share one. */
export interface FrameSource {
  /**
   * @param partial told, while a slow line brings the rest, of the same frame in fewer rows and columns; its values are
   *   for looking, not for measuring
   * @throws FrameError, or the signal's reason when aborted
   */
  load(image: ImageReference, priority: Priority, signal?: AbortSignal, partial?: (frame: DecodedFrame) => void): Promise<DecodedFrame>;
  /** The frame when it is at hand, without waiting. */
  cached(image: ImageReference): DecodedFrame | null;
  /** What all who keep decoded images share; none where nothing is kept. */
  readonly memory?: MemoryShare;
}

/** The display a header asks for; null for colour, which has no VOI. */
export function defaultTransform(frame: DecodedFrame): VoiTransform | null {
  return frame.kind === 'grayscale' ? defaultVoi(frame.parameters, frame.pixels) : null;
}

/**
 * Display values 0–255 of each pixel of a grayscale frame.
 * @param inverted the user turned the polarity round
 */
export function displayValues(frame: GrayscaleFrame, transform: VoiTransform, inverted: boolean): Uint8Array<ArrayBuffer> {
  const inverse = frame.parameters.inverse !== inverted;
  const { pixels, parameters } = frame;
  if (!(pixels instanceof Uint8Array || pixels instanceof Uint16Array)) return displayPixels(pixels, parameters, transform, inverse);
  const table = displayTable(modalityTable(parameters), transform, inverse);
  const shown = new Uint8Array(pixels.length);
  for (let at = 0; at < shown.length; at += 1) shown[at] = table[pixels[at] ?? 0] ?? 0;
  return shown;
}

/** Memory a frame takes, in bytes. */
export function frameBytes(frame: DecodedFrame): number {
  return frame.kind === 'grayscale' ? frame.pixels.byteLength : frame.rgba.byteLength;
}
