import { describe, expect, it } from 'vitest';
import type { ImageReference } from '../core/display_set';
import type { DecodedFrame, FrameSource } from '../core/frame';
import { Prefetch, wanted } from './prefetch';

describe('wanted', () => {
  it('goes the way the reader goes, with a look back', () => {
    expect(wanted(10, 100, 1, 8)).toEqual([11, 12, 13, 9, 14, 15, 16, 8]);
    expect(wanted(10, 100, -1, 4)).toEqual([9, 8, 7, 11]);
  });

  it('covers a short stack whole, without the image itself', () => {
    expect([...wanted(2, 5, 1, 100)].sort()).toEqual([0, 1, 3, 4]);
    expect(wanted(0, 1, 1, 100)).toEqual([]);
  });
});

/** A source that never answers, and remembers what was asked of it. */
class Waiting implements FrameSource {
  readonly asked: { url: string; signal: AbortSignal | undefined }[] = [];

  cached(): null {
    return null;
  }

  load(image: ImageReference, _priority: string, signal?: AbortSignal): Promise<DecodedFrame> {
    this.asked.push({ url: image.frameUrl, signal });
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    });
  }
}

const images: ImageReference[] = Array.from({ length: 1000 }, (_, at) => (
  { instance: {}, sopInstanceUid: String(at), frame: 1, frameUrl: `/${at}`, renderedUrl: '' }
));

describe('prefetch', () => {
  it('keeps to its share of memory', () => {
    const source = new Waiting();
    new Prefetch(source).around(images, 500, 1, 10 * 2 ** 20);
    expect(source.asked.map(({ url }) => url)).toEqual(['/501', '/502', '/503', '/499', '/504', '/505', '/506', '/498', '/507']);
  });

  it('lets go of what is far away, and does not ask twice', async () => {
    const source = new Waiting();
    const prefetch = new Prefetch(source);
    prefetch.around(images, 500, 1, 24 * 2 ** 20);
    prefetch.around(images, 502, 1, 24 * 2 ** 20);
    const open = source.asked.filter(({ signal }) => signal?.aborted === false).map(({ url }) => url);
    expect(open.toSorted()).toEqual(['/501', '/503', '/504', '/505']);
    expect(new Set(source.asked.map(({ url }) => url)).size).toBe(source.asked.length);
    prefetch.stop();
    await Promise.resolve();
    expect(source.asked.every(({ signal }) => signal?.aborted === true)).toBe(true);
  });
});
