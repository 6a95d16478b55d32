/** The decode worker: fetches frames and answers pixels, with one decoder for its whole life. */
import wasmUrl from '@cornerstonejs/codec-openjph/wasm?url';
import { DicomWebError, FRAME_ACCEPT, fetchFrame, frameAccept, RAW_FRAME_ACCEPT } from '../core/client';
import { colourToRgba, paletteToRgba } from '../core/colour';
import type { FrameErrorKey } from '../core/frame';
import type { RawPixels } from '../core/grayscale';
import type { Part } from '../core/multipart';
import { isGrayscale, type PixelFormat } from '../core/pixel_format';
import { rawPixels } from '../core/raw_frame';
import { Htj2kDecoder } from './htj2k';
import type { Answer, FrameRequest, Request } from './protocol';

const running = new Map<number, AbortController>();
let decoder: Promise<Htj2kDecoder> | null = null;

function answer(message: Answer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

interface Cells {
  readonly pixels: RawPixels;
  readonly format: PixelFormat;
}

function raw(part: Part, format: PixelFormat): Cells {
  return { pixels: rawPixels(part.body, format), format };
}

/** Made when it is first likely to be needed, so that it comes over the line beside the first frame, not after it. */
function readyDecoder(): Promise<Htj2kDecoder> {
  decoder ??= Htj2kDecoder.create(wasmUrl).catch((reason: unknown) => {
    decoder = null; // the next frame tries again
    throw reason;
  });
  return decoder;
}

/** Three samples of a codestream are RGB by pixel, whatever the native object's header says of its own. */
async function decoded(part: Part, { format }: FrameRequest): Promise<Cells> {
  const pixels = (await readyDecoder()).decode(part.body, format);
  return { pixels, format: format.samplesPerPixel === 3 ? { ...format, photometric: 'RGB', planar: false } : format };
}

/** What cannot be decoded here is asked for once more without compression. */
async function cells(request: FrameRequest, signal: AbortSignal): Promise<Cells> {
  const accept = frameAccept(request.format);
  if (accept === FRAME_ACCEPT) readyDecoder().catch(() => undefined); // told where it is needed
  const part = await fetchFrame(request.url, accept, signal);
  answer({ kind: 'received', id: request.id });
  if (!/^image\/(jphc|jph)\b/i.test(part.contentType)) return raw(part, request.format);
  try {
    return await decoded(part, request);
  } catch {
    return raw(await fetchFrame(request.url, RAW_FRAME_ACCEPT, signal), request.format);
  }
}

const KEYS: Readonly<Record<number, FrameErrorKey>> = {
  401: 'error.image.signed_out',
  403: 'error.image.forbidden',
  404: 'error.image.not_found',
  406: 'error.image.unsupported',
  410: 'error.image.not_found',
  415: 'error.image.unsupported',
};

function errorKey(reason: unknown): FrameErrorKey {
  return reason instanceof DicomWebError ? (KEYS[reason.status] ?? 'error.image.network') : 'error.image.decode';
}

async function frame(request: FrameRequest): Promise<void> {
  const abort = new AbortController();
  running.set(request.id, abort);
  try {
    const { pixels, format } = await cells(request, abort.signal);
    if (abort.signal.aborted) return;
    if (isGrayscale(request.format)) {
      answer({ kind: 'grayscale', id: request.id, pixels }, [pixels.buffer as ArrayBuffer]);
    } else {
      const rgba = request.palette ? paletteToRgba(pixels, format, request.palette) : colourToRgba(pixels, format);
      answer({ kind: 'colour', id: request.id, rgba }, [rgba.buffer]);
    }
  } catch (reason) {
    if (!abort.signal.aborted) answer({ kind: 'error', id: request.id, key: errorKey(reason) });
  } finally {
    running.delete(request.id);
  }
}

self.addEventListener('message', (event: MessageEvent<Request>) => {
  const request = event.data;
  if (request.kind === 'abort') running.get(request.id)?.abort();
  else void frame(request);
});
