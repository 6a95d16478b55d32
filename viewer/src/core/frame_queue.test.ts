import { describe, expect, it } from 'vitest';
import type { DecodedFrame } from './frame';
import { FrameCache } from './frame_cache';
import { FrameQueue } from './frame_queue';

/** Jobs that end when they are told to, and the order in which they started. */
class Bench {
  readonly started: string[] = [];
  readonly aborted: string[] = [];
  private readonly ends = new Map<string, (value: string) => void>();

  job(key: string): (signal: AbortSignal) => Promise<string> {
    return (signal) => {
      this.started.push(key);
      signal.addEventListener('abort', () => this.aborted.push(key));
      return new Promise((resolve) => this.ends.set(key, resolve));
    };
  }

  async end(key: string): Promise<void> {
    this.ends.get(key)?.(key);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

describe('the queue of frames', () => {
  it('serves the eye first, the newest wish first, and guesses in their order', async () => {
    const [queue, bench] = [new FrameQueue<string>(1, 1), new Bench()];
    const all = ['first', 'guess1', 'guess2', 'small', 'wish1', 'wish2'].map((key) => {
      const priority = key.startsWith('guess') ? 'prefetch' : key === 'small' ? 'thumbnail' : 'interaction';
      return queue.add(key, priority, bench.job(key));
    });
    for (const key of ['first', 'wish2', 'wish1', 'small', 'guess1', 'guess2']) await bench.end(key);
    await Promise.all(all);
    expect(bench.started).toEqual(['first', 'wish2', 'wish1', 'small', 'guess1', 'guess2']);
    expect(queue.size).toBe(0);
  });

  it('keeps a place free of guesses', () => {
    const [queue, bench] = [new FrameQueue<string>(2, 1), new Bench()];
    for (const key of ['a', 'b']) void queue.add(key, 'prefetch', bench.job(key));
    expect(bench.started).toEqual(['a']);
    void queue.add('wish', 'interaction', bench.job('wish'));
    expect(bench.started).toEqual(['a', 'wish']);
  });

  it('runs one job for two who wait, and ends it when both have gone', async () => {
    const [queue, bench] = [new FrameQueue<string>(2, 1), new Bench()];
    const [one, other] = [new AbortController(), new AbortController()];
    const waits = [one, other].map(({ signal }) => queue.add('a', 'interaction', bench.job('a'), signal));
    const outcomes = Promise.allSettled(waits);
    one.abort();
    expect(bench.aborted).toEqual([]);
    other.abort();
    expect(bench.aborted).toEqual(['a']);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(bench.started).toEqual(['a']);
    expect(queue.size).toBe(0);
  });

  it('tells a failure to everyone and goes on', async () => {
    const [queue, bench] = [new FrameQueue<string>(1, 1), new Bench()];
    const failing = queue.add('a', 'interaction', () => Promise.reject(new Error('broken')));
    const next = queue.add('b', 'interaction', bench.job('b'));
    await expect(failing).rejects.toThrow('broken');
    await new Promise((resolve) => setTimeout(resolve, 0));
    await bench.end('b');
    await expect(next).resolves.toBe('b');
  });
});

describe('the cache of frames', () => {
  const format = { rows: 1, columns: 1, samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7, signed: false, photometric: 'RGB', planar: false, float: false } as const;
  const frame = (size: number): DecodedFrame => ({ kind: 'colour', format, rgba: new Uint8ClampedArray(size), lossy: false });

  it('stays within its memory and drops what was used longest ago', () => {
    const cache = new FrameCache(() => 100);
    for (const key of ['a', 'b']) cache.put(key, frame(40));
    cache.get('a');
    cache.put('c', frame(40));
    expect(['a', 'b', 'c'].map((key) => cache.has(key))).toEqual([true, false, true]);
    expect(cache.size).toBe(80);
  });

  it('keeps the last frame even when it is larger than all its memory', () => {
    const cache = new FrameCache(() => 100);
    cache.put('small', frame(10));
    cache.put('large', frame(1000));
    expect(cache.has('large')).toBe(true);
    expect(cache.has('small')).toBe(false);
    cache.put('next', frame(10));
    expect(cache.size).toBe(10);
  });
});
