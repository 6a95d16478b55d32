/** Which frame is fetched next: what the eye waits for first, the newest wish first; work nobody waits for is dropped. */
import type { Priority } from './frame';

const RANK: Record<Priority, number> = { interaction: 0, thumbnail: 1, prefetch: 2 };

interface Job<T> {
  readonly key: string;
  readonly run: (signal: AbortSignal) => Promise<T>;
  readonly abort: AbortController;
  readonly waiters: Set<{ resolve: (value: T) => void; reject: (reason: unknown) => void }>;
  priority: Priority;
  order: number;
  running: boolean;
}

export class FrameQueue<T> {
  private readonly jobs = new Map<string, Job<T>>();
  private count = 0;

  /**
   * @param most jobs running at once
   * @param mostPrefetch of these, how many nobody may be waiting for, so that a wish never stands behind guesses
   */
  constructor(
    private readonly most: number,
    private readonly mostPrefetch: number,
  ) {}

  /** Run a job, or join the one with the same key; aborting leaves it to the others, and ends it when nobody is left. */
  add(key: string, priority: Priority, run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(abortReason(signal));
    const job = this.jobs.get(key) ?? this.enqueue(key, priority, run);
    if (RANK[priority] <= RANK[job.priority]) {
      job.priority = priority;
      job.order = this.count += 1;
    }
    return new Promise<T>((resolve, reject) => {
      const waiter = { resolve, reject };
      job.waiters.add(waiter);
      signal?.addEventListener('abort', () => {
        if (!job.waiters.delete(waiter)) return;
        reject(abortReason(signal));
        if (job.waiters.size === 0) this.cancel(job);
      }, { once: true });
      this.pump();
    });
  }

  /** Jobs that have not ended. */
  get size(): number {
    return this.jobs.size;
  }

  private enqueue(key: string, priority: Priority, run: (signal: AbortSignal) => Promise<T>): Job<T> {
    const job: Job<T> = { key, run, abort: new AbortController(), waiters: new Set(), priority, order: 0, running: false };
    this.jobs.set(key, job);
    return job;
  }

  private cancel(job: Job<T>): void {
    if (this.jobs.get(job.key) === job) this.jobs.delete(job.key);
    job.abort.abort();
    this.pump();
  }

  private pump(): void {
    for (;;) {
      const running = [...this.jobs.values()].filter((job) => job.running);
      const prefetches = running.filter((job) => job.priority === 'prefetch').length;
      const next = [...this.jobs.values()]
        .filter((job) => !job.running && (job.priority !== 'prefetch' || prefetches < this.mostPrefetch))
        .toSorted((one, other) => RANK[one.priority] - RANK[other.priority] || this.turn(one, other))[0];
      if (!next || running.length >= this.most) return;
      next.running = true;
      void this.start(next);
    }
  }

  /** The newest wish first, but guesses in the order they were made (nearest first). */
  private turn(one: Job<T>, other: Job<T>): number {
    return one.priority === 'prefetch' ? one.order - other.order : other.order - one.order;
  }

  private async start(job: Job<T>): Promise<void> {
    try {
      const value = await job.run(job.abort.signal);
      for (const waiter of job.waiters) waiter.resolve(value);
    } catch (reason) {
      for (const waiter of job.waiters) waiter.reject(reason);
    }
    if (this.jobs.get(job.key) === job) this.jobs.delete(job.key);
    this.pump();
  }
}

function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError');
}
