/** The decode worker: fetches frames and answers pixels, with one decoder for its whole life. */
import wasmUrl from '@cornerstonejs/codec-openjph/wasm?url';
import { DicomWebError, FRAME_ACCEPT, fetchFrame, RAW_FRAME_ACCEPT } from '../core/client';
import { colourToRgba, paletteToRgba } from '../core/colour';
import type { FrameErrorKey } from '../core/frame';
import type { RawPixels } from '../core/grayscale';
import type { Part } from '../core/multipart';
import { isGrayscale } from '../core/pixel_format';
import { rawPixels } from '../core/raw_frame';
import { Htj2kDecoder } from './htj2k';
import type { Answer, FrameRequest, Request } from './protocol';

const running = new Map<number, AbortController>();
let decoder: Promise<Htj2kDecoder> | null = null;

function answer(message: Answer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

async function cells(part: Part, request: FrameRequest): Promise<RawPixels> {
  if (!/^image\/(jphc|jph)\b/i.test(part.contentType)) return rawPixels(part.body, request.format);
  decoder ??= Htj2kDecoder.create(wasmUrl);
  return (await decoder).decode(part.body, request.format);
}

/** HTJ2K is only worth asking for where the server offers it: one sample of 8 or 16 bits, or RGB of 8. */
function acceptFor({ format }: FrameRequest): string {
  const htj2k = !format.float && (format.samplesPerPixel === 1 ? [8, 16].includes(format.bitsAllocated) : format.bitsAllocated === 8);
  return htj2k ? FRAME_ACCEPT : RAW_FRAME_ACCEPT;
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
    const part = await fetchFrame(request.url, acceptFor(request), abort.signal);
    answer({ kind: 'received', id: request.id });
    const pixels = await cells(part, request);
    if (abort.signal.aborted) return;
    if (isGrayscale(request.format)) {
      answer({ kind: 'grayscale', id: request.id, pixels }, [pixels.buffer as ArrayBuffer]);
    } else {
      const rgba = request.palette ? paletteToRgba(pixels, request.format, request.palette) : colourToRgba(pixels, request.format);
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
