/** Bytes of a delivered frame as typed cells (PS3.5 §8.1.1, §8.2). */
import type { RawPixels } from './grayscale';
import type { PixelFormat } from './pixel_format';

/** Bytes on their own, so that a typed array of any width fits on them. */
function aligned(bytes: Uint8Array, length: number): ArrayBuffer {
  const own = new Uint8Array(length);
  own.set(bytes.subarray(0, length));
  return own.buffer;
}

/** Bits Allocated 1: the first pixel in the least significant bit; one byte a pixel comes out. */
function unpackBits(bytes: Uint8Array, pixels: number): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, at) => ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1);
}

/** Samples in a frame; two pixels of YBR 4:2:2 share their colour. */
function samplesOf(format: PixelFormat): number {
  const pixels = format.rows * format.columns;
  return format.photometric.endsWith('_422') ? pixels * 2 : pixels * format.samplesPerPixel;
}

/**
 * Cells of a raw little-endian frame.
 * @throws RangeError when the frame is shorter than its header says
 */
export function rawPixels(bytes: Uint8Array, format: PixelFormat): RawPixels {
  const samples = samplesOf(format);
  if (format.bitsAllocated === 1) {
    if (bytes.length >= samples) return bytes.slice(0, samples);
    if (bytes.length * 8 < samples) throw new RangeError('the frame is too short');
    return unpackBits(bytes, samples);
  }
  const size = format.bitsAllocated / 8;
  if (bytes.length < samples * size) throw new RangeError('the frame is too short');
  const buffer = aligned(bytes, samples * size);
  if (format.float) return size === 8 ? new Float64Array(buffer) : new Float32Array(buffer);
  if (size === 1) return new Uint8Array(buffer);
  return size === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer);
}

/** What an HTJ2K codestream says of itself. */
export interface CodestreamInfo {
  readonly width: number;
  readonly height: number;
  readonly componentCount: number;
  readonly bitsPerSample: number;
  readonly isSigned: boolean;
}

/**
 * Cells of a decoded HTJ2K frame (8-bit samples for up to 8 bits a sample, else 16-bit): the header's Bits Allocated
 * decide the width of a cell, its Pixel Representation how it is read, whatever the codestream says (PS3.5 §8.2.4).
 * @throws RangeError when the codestream is not the image of the header, or has signed samples of 8 bits, which OpenJPH clips
 */
export function codestreamPixels(decoded: Uint8Array, info: CodestreamInfo, format: PixelFormat): RawPixels {
  if (info.width !== format.columns || info.height !== format.rows || info.componentCount !== format.samplesPerPixel) {
    throw new RangeError('the codestream is not the image of the header');
  }
  const samples = format.rows * format.columns * format.samplesPerPixel;
  if (info.isSigned && info.bitsPerSample <= 8) throw new RangeError('signed samples of 8 bits come out clipped');
  const wide = info.bitsPerSample > 8;
  if (decoded.length < samples * (wide ? 2 : 1)) throw new RangeError('the frame is too short');
  const buffer = aligned(decoded, samples * (wide ? 2 : 1));
  if (format.bitsAllocated > 8) {
    if (wide) return new Uint16Array(buffer);
    return Uint16Array.from(new Uint8Array(buffer));
  }
  return wide ? Uint8Array.from(new Uint16Array(buffer)) : new Uint8Array(buffer);
}
