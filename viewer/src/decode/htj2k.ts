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
