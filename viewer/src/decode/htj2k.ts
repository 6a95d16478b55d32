/** One HTJ2K decoder, made once and used for every frame: OpenJPH's WebAssembly memory is never given back (PS3.5 A.4.4). */
import createOpenJph, { type HTJ2KDecoder } from '@cornerstonejs/codec-openjph/wasmjs';
import type { RawPixels } from '../core/grayscale';
import type { PixelFormat } from '../core/pixel_format';
import { codestreamPixels } from '../core/raw_frame';

export class Htj2kDecoder {
  private constructor(
    private readonly decoder: HTJ2KDecoder,
    /** Bytes of WebAssembly memory taken. */
    readonly memory: () => number,
  ) {}

  /** @param wasmUrl address of openjphjs.wasm; Node.js finds it by itself */
  static async create(wasmUrl?: string): Promise<Htj2kDecoder> {
    const openJph = await createOpenJph({
      ...(wasmUrl === undefined ? {} : { locateFile: () => wasmUrl }),
      print: () => undefined,
      printErr: () => undefined,
    });
    return new Htj2kDecoder(new openJph.HTJ2KDecoder(), () => openJph.HEAPU8.byteLength);
  }

  /**
   * Decode the beginning of a codestream whose resolutions follow each other (RPCL), in fewer rows and columns.
   * @param level 1: half of each, rounded up; 2: a quarter, …
   * @throws Error when that much cannot be decoded from what is here
   */
  decodeReduced(beginning: Uint8Array, format: PixelFormat, level: number): { pixels: RawPixels; rows: number; columns: number } {
    const [rows, columns] = [Math.ceil(format.rows / 2 ** level), Math.ceil(format.columns / 2 ** level)];
    try {
      this.decoder.getEncodedBuffer(beginning.length).set(beginning);
      this.decoder.readHeader();
      const info = this.decoder.getFrameInfo();
      if (info.width !== format.columns || info.height !== format.rows) throw new Error('the codestream is not the image of the header');
      this.decoder.decodeSubResolution(level, 0);
      const pixels = codestreamPixels(this.decoder.getDecodedBuffer(), { ...info, width: columns, height: rows }, { ...format, rows, columns });
      return { pixels, rows, columns };
    } catch (reason) {
      throw reason instanceof Error ? reason : new Error('the codestream cannot be decoded');
    }
  }

  /**
   * Decode one frame; the cells are a copy.
   * @throws Error when the codestream is broken or not the image of the header
   */
  decode(codestream: Uint8Array, format: PixelFormat): RawPixels {
    try {
      this.decoder.getEncodedBuffer(codestream.length).set(codestream);
      this.decoder.decode();
      return codestreamPixels(this.decoder.getDecodedBuffer(), this.decoder.getFrameInfo(), format);
    } catch (reason) {
      // OpenJPH throws pointers (numbers) of C++ exceptions.
      throw reason instanceof Error ? reason : new Error('the codestream cannot be decoded');
    }
  }
}
