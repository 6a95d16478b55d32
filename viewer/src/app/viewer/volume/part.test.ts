import { describe, expect, it } from 'vitest';

import type { DisplaySet } from '../../../core/display_set';
import { partAround, partOf } from './part';

describe('a part of a series', () => {
  it('lies around the image that was on the screen, within the series', () => {
    expect(partAround(500, 400, 1200)).toEqual({ from: 301, to: 700, total: 1200 });
    expect(partAround(0, 400, 1200)).toEqual({ from: 1, to: 400, total: 1200 });
    expect(partAround(1199, 400, 1200)).toEqual({ from: 801, to: 1200, total: 1200 });
    expect(partAround(2, 400, 10)).toEqual({ from: 1, to: 10, total: 10 });
  });

  it('has every slice of it', () => {
    const images = Array.from({ length: 10 }, (_, at) => ({ instance: {}, sopInstanceUid: String(at), frame: 1, frameUrl: '', renderedUrl: '' }));
    const set: DisplaySet = {
      id: 'a', studyInstanceUid: '', seriesInstanceUid: '', modality: 'CT', seriesNumber: 1, description: '', images, kind: 'stack', frameRate: null,
    };
    expect(partOf(set, { from: 3, to: 6, total: 10 }).images.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(['2', '3', '4', '5']);
  });
});
