/** Plays a stack in its own time; where images come too slowly it waits instead of jumping. */

export const DEFAULT_FRAMES_PER_SECOND = 15;

export interface Reel {
  count(): number;
  index(): number;
  /** True when the image can be shown without waiting; asks for it otherwise. */
  ready(index: number): boolean;
  show(index: number): void;
}

export class Cine {
  private timer = 0;
  private started = 0;
  private from = 0;
  private period = 1000 / DEFAULT_FRAMES_PER_SECOND;

  constructor(private readonly reel: Reel) {}

  get playing(): boolean {
    return this.timer !== 0;
  }

  play(framesPerSecond: number): void {
    this.stop();
    this.period = 1000 / Math.min(Math.max(framesPerSecond, 0.1), 120);
    this.restart(performance.now());
    this.timer = requestAnimationFrame(this.tick);
  }

  stop(): void {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
  }

  private restart(now: number): void {
    [this.started, this.from] = [now, this.reel.index()];
  }

  private readonly tick = (now: number): void => {
    this.timer = requestAnimationFrame(this.tick);
    const due = (this.from + Math.max(Math.floor((now - this.started) / this.period), 0)) % this.reel.count();
    if (due === this.reel.index()) return;
    if (this.reel.ready(due)) this.reel.show(due);
    else {
      const next = (this.reel.index() + 1) % this.reel.count();
      if (this.reel.ready(next)) this.reel.show(next);
      this.restart(now);
    }
  };
}
