/** How the bytes of a delivered frame are to be read (PS3.3 C.7.6.3, PS3.5 §8.1.1). */
import { number, text } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';

export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** Pixel Representation 1: two's complement. */
  readonly signed: boolean;
  readonly photometric: string;
  readonly planar: boolean;
  /** Float Pixel Data or Double Float Pixel Data instead of Pixel Data. */
  readonly float: boolean;
}

const NATIVE = new Set(['', '1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99']);

/** True when the object is stored with a transfer syntax of compressed (encapsulated) pixels. */
export function isCompressed(instance: DicomInstance): boolean {
  return !NATIVE.has(text(instance, Tag.AvailableTransferSyntaxUID));
}

/**
 * The format of the frames as they are delivered: three samples of a compressed object come decoded as RGB, colour by
 * pixel; everything else as the header says. Null when the header describes no image.
 */
export function pixelFormat(instance: DicomInstance): PixelFormat | null {
  const rows = number(instance, Tag.Rows);
  const columns = number(instance, Tag.Columns);
  const float = instance[Tag.FloatPixelData] !== undefined || instance[Tag.DoubleFloatPixelData] !== undefined;
  const bitsAllocated = number(instance, Tag.BitsAllocated) ?? (instance[Tag.DoubleFloatPixelData] ? 64 : 32);
  const samples = number(instance, Tag.SamplesPerPixel) ?? 1;
  if (rows === null || columns === null || rows < 1 || columns < 1 || (samples !== 1 && samples !== 3)) return null;
  if (!float && ![1, 8, 16, 32].includes(bitsAllocated)) return null;
  const bitsStored = Math.min(number(instance, Tag.BitsStored) ?? bitsAllocated, bitsAllocated);
  const decoded = samples === 3 && isCompressed(instance);
  return {
    rows,
    columns,
    samplesPerPixel: samples,
    bitsAllocated,
    bitsStored,
    highBit: Math.min(number(instance, Tag.HighBit) ?? bitsStored - 1, bitsAllocated - 1),
    signed: number(instance, Tag.PixelRepresentation) === 1,
    photometric: decoded ? 'RGB' : text(instance, Tag.PhotometricInterpretation) || 'MONOCHROME2',
    planar: !decoded && number(instance, Tag.PlanarConfiguration) === 1,
    float,
  };
}

/** True for what the grayscale pipeline of PS3.3 C.11 shows; false for true colour and palette images. */
export function isGrayscale(format: PixelFormat): boolean {
  return format.samplesPerPixel === 1 && format.photometric !== 'PALETTE COLOR';
}

/** The stored value in one raw cell: bits above High Bit and below the stored ones dropped, then the sign (PS3.5 §8.1.1). */
export function storedValue(raw: number, format: PixelFormat): number {
  if (format.float) return raw;
  if (format.bitsAllocated <= 16) {
    const bits = format.bitsStored;
    const masked = (raw >> Math.max(format.highBit + 1 - bits, 0)) & ((1 << bits) - 1);
    return format.signed ? (masked << (32 - bits)) >> (32 - bits) : masked;
  }
  const size = 2 ** format.bitsStored;
  const shift = Math.max(format.highBit + 1 - format.bitsStored, 0);
  const value = Math.floor(raw / 2 ** shift) % size;
  return format.signed && value >= size / 2 ? value - size : value;
}
