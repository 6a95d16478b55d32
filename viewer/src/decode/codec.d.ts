/** Types of the OpenJPH build that decodes HTJ2K (its package has none). */
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  export interface FrameInfo {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned: boolean;
  }
  export interface HTJ2KDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    readHeader(): void;
    decode(): void;
    /** @param level 1: half the rows and columns, 2: a quarter, … */
    decodeSubResolution(level: number, layer: number): void;
    getFrameInfo(): FrameInfo;
    delete(): void;
  }
  export interface OpenJph {
    readonly HTJ2KDecoder: new () => HTJ2KDecoder;
    readonly HEAPU8: Uint8Array;
    getExceptionMessage?(thrown: number): string;
  }
  const create: (options?: { locateFile?: (name: string) => string; print?: (line: string) => void; printErr?: (line: string) => void }) => Promise<OpenJph>;
  export default create;
}
