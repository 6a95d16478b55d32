/** Fetches the images around the one on screen, nearest first and more in the direction of scrolling. */
import type { DisplaySet } from '../core/display_set';
import type { FrameSource } from '../core/frame';
import { pixelFormat } from '../core/pixel_format';

const LANES = 3;
const AHEAD = 60;
const BEHIND = 20;
/** Guesses may take this much memory where nothing is shared, so that they do not push out what was seen. */
const BUDGET_BYTES = 96 * 2 ** 20;
/** Where the user asked the browser to save data. */
const THRIFTY = 2;

/** Indices around one, alternating ahead and behind, within the stack. */
export function neighbours(index: number, count: number, direction: 1 | -1, ahead: number, behind: number): readonly number[] {
  const found: number[] = [];
  for (let step = 1; step <= Math.max(ahead, behind); step += 1) {
    if (step <= ahead) found.push(index + step * direction);
    if (step <= behind) found.push(index - step * direction);
  }
  return found.filter((at) => at >= 0 && at < count);
}

function frameSize(set: DisplaySet): number {
  const format = set.images[0] ? pixelFormat(set.images[0].instance) : null;
  if (!format) return 1;
  return format.rows * format.columns * (format.samplesPerPixel === 3 ? 4 : Math.max(format.bitsAllocated / 8, 1));
}

function thrifty(): boolean {
  const connection: unknown = 'connection' in navigator ? navigator.connection : null;
  return typeof connection === 'object' && connection !== null && 'saveData' in connection && connection.saveData === true;
}

export class Prefetcher {
  private abort = new AbortController();
  private wanted: readonly number[] = [];
  private set: DisplaySet | null = null;
  private readonly failed = new Set<string>();
  private lanes = 0;

  constructor(private readonly source: FrameSource) {}

  /** The image at `index` is on screen. */
  focus(set: DisplaySet, index: number, direction: 1 | -1): void {
    if (set !== this.set) this.stop();
    this.set = set;
    const most = thrifty() ? THRIFTY : Math.max(Math.floor((this.source.memory?.aheadOf(this) ?? BUDGET_BYTES) / frameSize(set)), 2);
    this.wanted = neighbours(index, set.images.length, direction, Math.min(AHEAD, most), Math.min(BEHIND, most)).slice(0, most);
    const idle = Math.min(LANES - this.lanes, this.wanted.length);
    for (let lane = 0; lane < idle; lane += 1) void this.run(this.abort.signal);
  }

  stop(): void {
    this.source.memory?.leave(this);
    this.abort.abort();
    this.abort = new AbortController();
    this.wanted = [];
    this.lanes = 0;
    this.set = null;
    this.failed.clear();
  }

  private async run(signal: AbortSignal): Promise<void> {
    this.lanes += 1;
    while (!signal.aborted) {
      const [next, ...rest] = this.wanted;
      const image = next === undefined ? undefined : this.set?.images[next];
      this.wanted = rest;
      if (!image) break;
      if (this.source.cached(image) || this.failed.has(image.frameUrl)) continue;
      try {
        await this.source.load(image, 'prefetch', signal);
      } catch {
        this.failed.add(image.frameUrl); // shown as an error when the user gets there
      }
    }
    if (!signal.aborted) this.lanes -= 1;
  }
}
