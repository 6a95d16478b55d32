/** Where all viewports of a page get decoded frames from: cache, queue by priority, decode workers. */
import { frameAccept, RAW_FRAME_ACCEPT } from '../core/client';
import { palette } from '../core/colour';
import type { ImageReference } from '../core/display_set';
import { type DecodedFrame, FrameError, type FrameSource, type Priority } from '../core/frame';
import { FrameCache } from '../core/frame_cache';
import { MemoryShare } from '../core/memory_share';
import { FrameQueue } from '../core/frame_queue';
import { grayscaleParameters } from '../core/grayscale';
import { Line } from '../core/line';
import { isLossy } from '../core/lossy';
import { isGrayscale, type PixelFormat, pixelFormat } from '../core/pixel_format';
import { type EarlyAnswer, WorkerPool } from './worker_pool';

/** A browser opens six connections to an HTTP/1.1 server; one is left for previews, one for live news. */
const CONNECTIONS = 4;
const PREFETCH_CONNECTIONS = 3;
const MEGABYTE = 2 ** 20;

/** An eighth of the machine's memory (browsers tell 8 GB at most, some nothing), so that a 4 GB PC keeps working. */
function memoryLimit(): number {
  const gigabytes = 'deviceMemory' in navigator && typeof navigator.deviceMemory === 'number' ? navigator.deviceMemory : 4;
  return Math.max(gigabytes * 128, 96) * MEGABYTE;
}

/** How fast the files of this page came, what the browser had already left out. */
function lineOfPage(): Line {
  const files = performance.getEntriesByType('resource').filter((entry) => entry instanceof PerformanceResourceTiming && entry.transferSize > 0);
  return new Line((files as PerformanceResourceTiming[]).map((entry) => (
    { bytes: entry.encodedBodySize, milliseconds: entry.responseEnd - entry.responseStart }
  )));
}

export class FrameLoader implements FrameSource {
  readonly memory: MemoryShare;
  private readonly cache: FrameCache;
  private readonly queue = new FrameQueue<DecodedFrame>(CONNECTIONS, PREFETCH_CONNECTIONS);
  private readonly workers = new WorkerPool(Math.min(Math.max(navigator.hardwareConcurrency - 1, 1), 3));

  /** @param capacity bytes of decoded images kept, volumes included */
  constructor(private readonly line = lineOfPage(), capacity = memoryLimit()) {
    this.memory = new MemoryShare(capacity, () => this.cache.trim());
    this.cache = new FrameCache(() => this.memory.frames);
    this.workers.warm();
  }

  cached(image: ImageReference): DecodedFrame | null {
    return this.cache.get(image.frameUrl);
  }

  /** What to ask the server for: grey pixels as they are where the line is faster than decoding. */
  accept(format: PixelFormat): string {
    return format.samplesPerPixel === 1 && this.line.isFast ? RAW_FRAME_ACCEPT : frameAccept(format);
  }

  load(image: ImageReference, priority: Priority, signal?: AbortSignal, partial?: (frame: DecodedFrame) => void): Promise<DecodedFrame> {
    const kept = this.cache.get(image.frameUrl);
    if (kept) return Promise.resolve(kept);
    const told = (frame: DecodedFrame): void => {
      if (signal?.aborted !== true) partial?.(frame);
    };
    const run = (abort: AbortSignal): Promise<DecodedFrame> => this.decode(image, abort, partial ? told : null);
    return this.queue.add(image.frameUrl, priority, run, signal);
  }

  /** Ends the workers and forgets all frames. */
  destroy(): void {
    this.workers.destroy();
    this.cache.clear();
  }

  private async decode(image: ImageReference, signal: AbortSignal, partial: ((frame: DecodedFrame) => void) | null): Promise<DecodedFrame> {
    const { instance } = image;
    const stated = pixelFormat(instance);
    if (!stated) throw new FrameError('error.image.unsupported');
    const colours = stated.photometric === 'PALETTE COLOR' ? palette(instance, stated) : null;
    if (stated.photometric === 'PALETTE COLOR' && !colours) throw new FrameError('error.image.unsupported');
    const lossy = isLossy(instance);
    const arrived = (early: EarlyAnswer): void => {
      if (early.kind === 'transfer') {
        this.line.note(early.transfer);
        return;
      }
      const { rows, columns, pixels } = early;
      const format = { ...stated, rows, columns };
      partial?.({ kind: 'grayscale', format, parameters: grayscaleParameters(instance, image.frame, format), pixels, lossy });
    };
    const request = { url: image.frameUrl, format: stated, accept: this.accept(stated), palette: colours, partial: partial !== null };
    const answer = await this.workers.request(request, signal, arrived);
    // Single bits come out of the worker as bytes.
    const format = stated.bitsAllocated === 1 ? { ...stated, bitsAllocated: 8, bitsStored: 1, highBit: 0 } : stated;
    const frame: DecodedFrame =
      answer.kind === 'colour'
        ? { kind: 'colour', format, rgba: answer.rgba, lossy }
        : { kind: 'grayscale', format, parameters: grayscaleParameters(instance, image.frame, format), pixels: answer.pixels, lossy };
    if (isGrayscale(stated) !== (frame.kind === 'grayscale')) throw new FrameError('error.image.decode');
    this.cache.put(image.frameUrl, frame);
    return frame;
  }
}
