/** Shows image after image at a steady pace. */

const SLOWEST = 0.1;
const FASTEST = 120;

export class Cine {
  private handle = 0;
  private due = 0;
  private busy = false;
  private run = 0;

  /** @param step shows the next image; the next step waits for it, so that a slow line slows the film and skips nothing */
  constructor(private readonly step: () => Promise<void>) {}

  get playing(): boolean {
    return this.handle !== 0;
  }

  play(framesPerSecond: number): void {
    this.stop();
    const interval = 1000 / Math.min(Math.max(framesPerSecond, SLOWEST), FASTEST);
    const run = (this.run += 1);
    this.busy = false;
    this.due = performance.now() + interval;
    const tick = (now: number): void => {
      this.handle = requestAnimationFrame(tick);
      // A display refreshes at fixed times: an image due within half a refresh belongs to this one.
      if (this.busy || now < this.due - 4) return;
      this.due = Math.max(this.due + interval, now);
      this.busy = true;
      const ready = (): void => {
        if (this.run === run) this.busy = false;
      };
      this.step().then(ready, ready);
    };
    this.handle = requestAnimationFrame(tick);
  }

  stop(): void {
    cancelAnimationFrame(this.handle);
    this.handle = 0;
  }
}
