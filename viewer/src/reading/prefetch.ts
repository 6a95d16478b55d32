/** Which frames are fetched before anybody asks: those around the one on the screen, the way the reader scrolls first. */
import type { ImageReference } from '../core/display_set';
import type { FrameSource } from '../core/frame';

/** Decoded bytes that one cell may fetch ahead where nothing is shared. */
const BUDGET_BYTES = 96 * 2 ** 20;
const FEWEST = 2;
const MOST = 240;

/** Positions to fetch around `index`, the nearest first, three ahead for one behind. */
export function wanted(index: number, count: number, direction: 1 | -1, most: number): readonly number[] {
  const found: number[] = [];
  let [ahead, behind] = [1, 1];
  for (let step = 0; found.length < Math.min(most, count - 1) && step < 2 * count + 4; step += 1) {
    const at = step % 4 === 3 ? index - direction * behind++ : index + direction * ahead++;
    if (at >= 0 && at < count) found.push(at);
  }
  return found;
}

export class Prefetch {
  private readonly wishes = new Map<string, AbortController>();

  constructor(private readonly frames: FrameSource) {}

  /** @param frameBytes size of a decoded frame */
  around(images: readonly ImageReference[], index: number, direction: 1 | -1, frameBytes: number): void {
    const most = Math.min(Math.max(Math.floor(this.budget / Math.max(frameBytes, 1)), FEWEST), MOST);
    const near = wanted(index, images.length, direction, most).flatMap((at) => images[at] ?? []);
    const urls = new Set(near.map((image) => image.frameUrl));
    for (const [url, abort] of this.wishes) {
      if (!urls.has(url)) abort.abort();
    }
    for (const image of near) {
      if (!this.wishes.has(image.frameUrl) && !this.frames.cached(image)) void this.fetch(image);
    }
  }

  stop(): void {
    this.frames.memory?.leave(this);
    for (const abort of this.wishes.values()) abort.abort();
    this.wishes.clear();
  }

  private get budget(): number {
    return this.frames.memory?.aheadOf(this) ?? BUDGET_BYTES;
  }

  private async fetch(image: ImageReference): Promise<void> {
    const abort = new AbortController();
    this.wishes.set(image.frameUrl, abort);
    try {
      await this.frames.load(image, 'prefetch', abort.signal);
    } catch {
      // A guess that failed or is not wanted any more: who needs the frame asks again and is told.
    } finally {
      if (this.wishes.get(image.frameUrl) === abort) this.wishes.delete(image.frameUrl);
    }
  }
}
