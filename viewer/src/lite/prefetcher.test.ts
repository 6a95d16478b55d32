import { describe, expect, it, vi } from 'vitest';
import type { DisplaySet, ImageReference } from '../core/display_set';
import type { FrameSource } from '../core/frame';
import { neighbours, Prefetcher } from './prefetcher';

describe('images fetched around the one on screen', () => {
  it('are the nearest first, ahead before behind, within the stack', () => {
    expect(neighbours(5, 10, 1, 3, 1)).toEqual([6, 4, 7, 8]);
    expect(neighbours(1, 10, -1, 3, 1)).toEqual([0, 2]);
    expect(neighbours(0, 1, 1, 3, 3)).toEqual([]);
  });
});

describe('the prefetcher', () => {
  vi.stubGlobal('navigator', {});
  const image = (at: number): ImageReference => ({ instance: {}, sopInstanceUid: `${at}`, frame: 1, frameUrl: `/${at}`, renderedUrl: '' });
  const stack = (count: number): DisplaySet => ({
    id: 'a', studyInstanceUid: '', seriesInstanceUid: '', modality: '', seriesNumber: null, description: '',
    images: Array.from({ length: count }, (_, at) => image(at)), kind: 'stack', frameRate: null,
  });
  const source = (asked: string[]): FrameSource => ({
    cached: () => null,
    load: ({ frameUrl }) => {
      asked.push(frameUrl);
      return Promise.reject(new Error('not here'));
    },
  });

  it('asks for each neighbour once, nearest first', async () => {
    const asked: string[] = [];
    const prefetcher = new Prefetcher(source(asked));
    prefetcher.focus(stack(4), 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 0));
    prefetcher.focus(stack(4), 1, 1);
    expect(asked.slice(0, 3)).toEqual(['/2', '/0', '/3']);
  });

  it('has nothing to do for a single image', async () => {
    const asked: string[] = [];
    new Prefetcher(source(asked)).focus(stack(1), 0, 1);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(asked).toEqual([]);
  });
});
