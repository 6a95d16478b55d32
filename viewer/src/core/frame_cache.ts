/** Decoded frames within a limit of memory; what was used longest ago leaves first. */
import { type DecodedFrame, frameBytes } from './frame';

export class FrameCache {
  private readonly frames = new Map<string, DecodedFrame>();
  private held = 0;

  /** @param capacity bytes, as many as it says at the time */
  constructor(private readonly capacity: () => number) {}

  /** Bytes held now. */
  get size(): number {
    return this.held;
  }

  get(url: string): DecodedFrame | null {
    const frame = this.frames.get(url);
    if (!frame) return null;
    this.frames.delete(url);
    this.frames.set(url, frame);
    return frame;
  }

  has(url: string): boolean {
    return this.frames.has(url);
  }

  /** Keep a frame; one that is larger than the whole limit is kept alone. */
  put(url: string, frame: DecodedFrame): void {
    this.drop(url);
    this.frames.set(url, frame);
    this.held += frameBytes(frame);
    this.trim(url);
  }

  /** Let go of what is over the limit; what was used longest ago first, and never the one that has just come. */
  trim(newest?: string): void {
    const most = this.capacity();
    for (const oldest of this.frames.keys()) {
      if (this.held <= most || oldest === newest) break;
      this.drop(oldest);
    }
  }

  clear(): void {
    this.frames.clear();
    this.held = 0;
  }

  private drop(url: string): void {
    const frame = this.frames.get(url);
    if (!frame) return;
    this.frames.delete(url);
    this.held -= frameBytes(frame);
  }
}
