/** Decoded frames as pictures: the core's pipeline with the window in force (PS3.3 C.11), fast enough for a drag. */
import { type DecodedFrame, type GrayscaleFrame, displayValues } from '../core/frame';
import {
  type GrayscaleParameters, type VoiTransform, defaultVoi, displayValue, isPadding, modalityValue, windowOfTable,
} from '../core/grayscale';
import { storedValue } from '../core/pixel_format';
import type { Voi } from '../core/viewport';
import type { Picture } from './picture';

function colour(rgba: Uint8ClampedArray, inverted: boolean): Uint8Array {
  const pixels = rgba.length / 4;
  const turned = inverted ? 255 : 0;
  const shown = new Uint8Array(pixels * 3);
  for (let at = 0; at < pixels; at += 1) {
    shown[at * 3] = (rgba[at * 4] ?? 0) ^ turned;
    shown[at * 3 + 1] = (rgba[at * 4 + 1] ?? 0) ^ turned;
    shown[at * 3 + 2] = (rgba[at * 4 + 2] ?? 0) ^ turned;
  }
  return shown;
}

/** How a stack is shown: the window chosen by hand (null: each image's own), and turned round or not. */
export interface Look {
  readonly voi: Voi | null;
  readonly inverted: boolean;
}

export const PLAIN: Look = { voi: null, inverted: false };

/** The raw values that occur in a frame, with their modality values; there are far fewer of them than pixels. */
interface Occurring {
  readonly raw: Uint16Array;
  /** NaN: padding. */
  readonly modality: Float64Array;
}

function occurring(pixels: Uint8Array | Uint16Array, parameters: GrayscaleParameters): Occurring {
  const seen = new Uint8Array(0x10000);
  for (const value of pixels) seen[value] = 1;
  const raw = Uint16Array.from({ length: seen.length }, (_, value) => value).filter((value) => seen[value] === 1);
  const modality = Float64Array.from(raw, (value) => {
    const stored = storedValue(value, parameters.format);
    return isPadding(stored, parameters) ? Number.NaN : modalityValue(stored, parameters.modality);
  });
  return { raw, modality };
}

/** Makes pictures for one cell; remembers what a drag of the window needs again and again for the same frame. */
export class Presenter {
  private frame: GrayscaleFrame | null = null;
  private values: Occurring | null = null;
  private own: VoiTransform | null = null;
  private readonly table = new Uint8Array(0x10000);

  /** What is to be on the screen. */
  picture(frame: DecodedFrame, look: Look): Picture {
    const { columns, rows } = frame.format;
    if (frame.kind === 'colour') return { columns, rows, components: 3, pixels: colour(frame.rgba, look.inverted) };
    return { columns, rows, components: 1, pixels: this.grayscale(frame, look) };
  }

  /** The window to name on the screen and to start a drag from; null for colour. */
  voi(frame: DecodedFrame, look: Look): Voi | null {
    if (frame.kind === 'colour') return null;
    const transform = this.transform(frame, look);
    return transform.kind === 'window' ? transform.voi : windowOfTable(transform.table);
  }

  /** What maps the values to the screen; null for colour. */
  transformOf(frame: DecodedFrame, look: Look): VoiTransform | null {
    return frame.kind === 'colour' ? null : this.transform(frame, look);
  }

  private grayscale(frame: GrayscaleFrame, look: Look): Uint8Array {
    const { pixels, parameters } = frame;
    const transform = this.transform(frame, look);
    if (!(pixels instanceof Uint8Array || pixels instanceof Uint16Array)) return displayValues(frame, transform, look.inverted);
    this.values ??= occurring(pixels, parameters);
    const { table, values: { raw, modality } } = this;
    const inverse = parameters.inverse !== look.inverted;
    for (let at = 0; at < raw.length; at += 1) {
      const value = modality[at] ?? Number.NaN;
      table[raw[at] ?? 0] = Number.isNaN(value) ? 0 : displayValue(value, transform, inverse);
    }
    const shown = new Uint8Array(pixels.length);
    for (let at = 0; at < shown.length; at += 1) shown[at] = table[pixels[at] ?? 0] ?? 0;
    return shown;
  }

  /** The transformation in force for a frame. */
  private transform(frame: GrayscaleFrame, look: Look): VoiTransform {
    if (this.frame !== frame) {
      this.frame = frame;
      this.values = null;
      this.own = null;
    }
    if (look.voi) return { kind: 'window', voi: look.voi };
    this.own ??= defaultVoi(frame.parameters, frame.pixels);
    return this.own;
  }
}

/** CSS pixels of a drag that double the width. */
const DOUBLING = 150;
/** CSS pixels of a drag that move the centre by one width. */
const WIDTH_TRAVEL = 300;

/** The window after a drag: to the right wider, downwards higher (so darker). */
export function draggedVoi(voi: Voi, dx: number, dy: number): Voi {
  const least = voi.function === 'LINEAR' ? 1 : 1e-9;
  const width = Math.max(voi.width * 2 ** (dx / DOUBLING), least);
  return { ...voi, center: voi.center + (dy / WIDTH_TRAVEL) * voi.width, width };
}
