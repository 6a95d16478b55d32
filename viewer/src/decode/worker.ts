/** The decode worker: fetches frames and answers pixels, with one decoder for its whole life. */
import wasmUrl from '@cornerstonejs/codec-openjph/wasm?url';
import { type Arriving, DicomWebError, FRAME_ACCEPT, fetchFrame, RAW_FRAME_ACCEPT } from '../core/client';
import { colourToRgba, paletteToRgba } from '../core/colour';
import type { FrameErrorKey } from '../core/frame';
import type { RawPixels } from '../core/grayscale';
import { firstPart, type Part } from '../core/multipart';
import { isGrayscale, type PixelFormat } from '../core/pixel_format';
import { rawPixels } from '../core/raw_frame';
import { Htj2kDecoder } from './htj2k';
import type { Answer, FrameRequest, Request } from './protocol';

const HTJ2K = /^image\/(jphc|jph)\b/i;
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

/**
 * Which share of a codestream surely holds a resolution: level 1 has a quarter of the samples, and the coarse ones take
 * more bits each.
 */
const ENOUGH: readonly (readonly [level: number, share: number])[] = [[1, 0.45], [2, 0.16], [3, 0.06]];
/** What comes sooner than this is not worth two pictures. */
const PATIENCE_MS = 500;
const SMALLEST = 64;

/** Gives what has arrived of a frame as a smaller one, each time it is enough for twice the size. */
function arriving(request: FrameRequest): Arriving {
  const started = performance.now();
  const { format } = request;
  let best = Number.POSITIVE_INFINITY;
  let ready: Htj2kDecoder | null = null;
  readyDecoder().then((made) => { ready = made; }, () => undefined);
  return (received, share) => {
    const level = ENOUGH.find(([, needed]) => share >= needed)?.[0] ?? best;
    if (!ready || level >= best || performance.now() - started < PATIENCE_MS || format.samplesPerPixel !== 1) return;
    const part = firstPart(received);
    if (!part || !HTJ2K.test(part.contentType) || Math.min(format.rows, format.columns) >> level < SMALLEST) return;
    best = level;
    try {
      const { pixels, rows, columns } = ready.decodeReduced(part.body, format, level);
      answer({ kind: 'partial', id: request.id, pixels, rows, columns }, [pixels.buffer as ArrayBuffer]);
    } catch {
      best = 0; // the whole will tell what is wrong
    }
  };
}

/** What cannot be decoded here is asked for once more without compression. */
async function cells(request: FrameRequest, signal: AbortSignal): Promise<Cells> {
  const compressed = request.accept === FRAME_ACCEPT;
  if (compressed) readyDecoder().catch(() => undefined); // told where it is needed
  const part = await fetchFrame(request.url, request.accept, signal, compressed && request.partial ? arriving(request) : undefined);
  answer({ kind: 'received', id: request.id });
  if (!HTJ2K.test(part.contentType)) return raw(part, request.format);
  try {
    return await decoded(part, request);
  } catch (reason) {
    // A decoder that left its memory is never right again.
    if (reason instanceof WebAssembly.RuntimeError) decoder = null;
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

/** What the browser has measured of a frame by now; what it took from its own cache says nothing of the line. */
function tellTransfer({ id, url }: FrameRequest): void {
  const { href } = new URL(url, self.location.href);
  const entries = performance.getEntriesByName(href, 'resource');
  // The browser stops measuring after 250 of them.
  if (performance.getEntriesByType('resource').length >= 200) performance.clearResourceTimings();
  const [entry] = entries.slice(-1);
  if (!(entry instanceof PerformanceResourceTiming) || entry.transferSize === 0 || entry.responseStart === 0) return;
  answer({ kind: 'transfer', id, transfer: { bytes: entry.encodedBodySize, milliseconds: entry.responseEnd - entry.responseStart } });
}

async function frame(request: FrameRequest): Promise<void> {
  const abort = new AbortController();
  running.set(request.id, abort);
  try {
    const { pixels, format } = await cells(request, abort.signal);
    if (abort.signal.aborted) return;
    tellTransfer(request);
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
