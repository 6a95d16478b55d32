/** Colour frames to RGBA: RGB, YBR and palette images (PS3.3 C.7.6.3.1.2 – C.7.6.3.1.6). */
import { inlineBytes, numbers, words } from './attribute';
import type { DicomInstance } from './display_set';
import { descriptor, entries } from './lookup_table';
import { type PixelFormat, storedValue } from './pixel_format';
import { Tag } from './tag';

/** A palette with 8-bit entries; values outside take the first or last entry. Can be sent to a worker. */
export interface Palette {
  readonly firstMapped: number;
  readonly red: Uint8Array;
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
}

const CHANNELS = [
  [Tag.RedPaletteColorLookupTableDescriptor, Tag.RedPaletteColorLookupTableData, Tag.SegmentedRedPaletteColorLookupTableData],
  [Tag.GreenPaletteColorLookupTableDescriptor, Tag.GreenPaletteColorLookupTableData, Tag.SegmentedGreenPaletteColorLookupTableData],
  [Tag.BluePaletteColorLookupTableDescriptor, Tag.BluePaletteColorLookupTableData, Tag.SegmentedBluePaletteColorLookupTableData],
] as const;

/** Expand segmented palette data: discrete, linear and indirect segments (PS3.3 C.7.9.2). */
export function expandSegments(data: Uint16Array): Uint16Array {
  const found: number[] = [];
  const run = (from: number, segments: number): number => {
    let at = from;
    for (let done = 0; done < segments && at + 1 < data.length; done += 1) {
      const [opcode = 0, length = 0] = data.subarray(at, at + 2);
      at += 2;
      if (opcode === 0) {
        found.push(...data.subarray(at, at + length));
        at += length;
      } else if (opcode === 1) {
        const start = found.at(-1) ?? 0;
        const end = data[at] ?? 0;
        for (let step = 1; step <= length; step += 1) found.push(Math.round(start + ((end - start) * step) / length));
        at += 1;
      } else if (opcode === 2 && from === 0) {
        run(((data[at + 1] ?? 0) << 16) | (data[at] ?? 0), length);
        at += 2;
      } else break;
    }
    return at;
  };
  run(0, Number.POSITIVE_INFINITY);
  return Uint16Array.from(found);
}

/** 16-bit words of palette data; 8-bit segmented data has one entry in each byte. */
function paletteWords(instance: DicomInstance, data: string, segmented: string, bits: number): Uint16Array | null {
  const plain = words(instance, data);
  if (plain && plain.length > 0) return plain;
  const bytes = bits === 8 ? inlineBytes(instance, segmented) : null;
  const packed = bytes ? Uint16Array.from(bytes) : words(instance, segmented);
  return packed && expandSegments(packed);
}

/** Read the palette of a header; null when it is incomplete. */
export function palette(instance: DicomInstance, format: PixelFormat): Palette | null {
  const channels: Uint8Array[] = [];
  let firstMapped = 0;
  for (const [describedBy, data, segmented] of CHANNELS) {
    if (!numbers(instance, describedBy)) return null;
    const described = descriptor(instance, describedBy, format.signed);
    const listed = described && paletteWords(instance, data, segmented, described[2]);
    const found = listed && entries(listed, Math.min(described[0], listed.length * (described[2] === 8 ? 2 : 1)), described[2]);
    if (!found) return null;
    firstMapped = described[1];
    const full = described[2] === 8 ? 255 : 65535;
    channels.push(Uint8Array.from(found, (entry) => Math.floor((entry / full) * 255 + 0.5)));
  }
  const [red, green, blue] = channels;
  return red && green && blue ? { firstMapped, red, green, blue } : null;
}

/** Palette indices to RGBA (PS3.3 C.7.6.3.1.5). */
export function paletteToRgba(pixels: ArrayLike<number>, format: PixelFormat, colours: Palette): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(pixels.length * 4);
  const last = colours.red.length - 1;
  for (let at = 0; at < pixels.length; at += 1) {
    const index = Math.min(Math.max(storedValue(pixels[at] ?? 0, format) - colours.firstMapped, 0), last);
    rgba[at * 4] = colours.red[index] ?? 0;
    rgba[at * 4 + 1] = colours.green[index] ?? 0;
    rgba[at * 4 + 2] = colours.blue[index] ?? 0;
    rgba[at * 4 + 3] = 255;
  }
  return rgba;
}

function clamp(value: number): number {
  return Math.floor(Math.min(Math.max(value, 0), 255) + 0.5);
}

/** One YBR_FULL triplet to RGB: the inverse of the matrix in PS3.3 C.7.6.3.1.2. */
export function ybrFullToRgb(luma: number, blue: number, red: number): readonly [number, number, number] {
  const [cb, cr] = [blue - 128, red - 128];
  return [clamp(luma + 1.402 * cr), clamp(luma - 0.344136286 * cb - 0.714136286 * cr), clamp(luma + 1.772 * cb)];
}

/** One YBR_PARTIAL triplet (luma 16–235) to RGB: the inverse of the second matrix in PS3.3 C.7.6.3.1.2. */
function ybrPartialToRgb(luma: number, blue: number, red: number): readonly [number, number, number] {
  const [y, cb, cr] = [1.1644 * (luma - 16), blue - 128, red - 128];
  return [clamp(y + 1.596 * cr), clamp(y - 0.3917 * cb - 0.8129 * cr), clamp(y + 2.0173 * cb)];
}

/** Offsets of the three samples of a pixel: by pixel, by plane, or shared by two pixels (Y Y CB CR). */
function sampleOffsets(format: PixelFormat): (pixel: number) => readonly [number, number, number] {
  const plane = format.rows * format.columns;
  if (format.photometric.endsWith('_422')) {
    return (pixel) => [(pixel >> 1) * 4 + (pixel & 1), (pixel >> 1) * 4 + 2, (pixel >> 1) * 4 + 3];
  }
  if (format.planar) return (pixel) => [pixel, plane + pixel, 2 * plane + pixel];
  return (pixel) => [pixel * 3, pixel * 3 + 1, pixel * 3 + 2];
}

/** Three-sample frames, as delivered, to RGBA of 8 bits. */
export function colourToRgba(samples: ArrayLike<number>, format: PixelFormat): Uint8ClampedArray<ArrayBuffer> {
  const offsets = sampleOffsets(format);
  const scale = 255 / (2 ** format.bitsStored - 1);
  const convert = format.photometric.startsWith('YBR_PARTIAL') ? ybrPartialToRgb : format.photometric.startsWith('YBR') ? ybrFullToRgb : null;
  const pixels = format.rows * format.columns;
  const rgba = new Uint8ClampedArray(pixels * 4);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const [first, second, third] = offsets(pixel);
    let red = (samples[first] ?? 0) * scale;
    let green = (samples[second] ?? 0) * scale;
    let blue = (samples[third] ?? 0) * scale;
    if (convert) [red, green, blue] = convert(red, green, blue);
    rgba[pixel * 4] = red;
    rgba[pixel * 4 + 1] = green;
    rgba[pixel * 4 + 2] = blue;
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}
