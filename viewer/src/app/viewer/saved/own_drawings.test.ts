import { signal } from '@preact/signals';
import { describe, expect, it } from 'vitest';

import type { Measurement } from '../../../core/measurement';
import type { SpatialLength } from '../../../core/volume/spatial_length';
import { DrawingBook } from '../../../drawing/book';
import type { SavedContent } from './api';
import { OwnDrawings } from './own_drawings';

const LINE: Measurement = {
  id: 'm-0123456789abcdef', kind: 'length', sopInstanceUid: '1.2.3', frame: 1, points: [[1.1, 2.2], [30, 40.7]],
  calibrated: false, calibration: 'none', unit: '', length: 12,
};
const SPATIAL: SpatialLength = {
  id: 'm-fedcba9876543210', frameOfReferenceUid: '1.9', from: [0.1, 0, 0], to: [30.1, 40, 0], millimetres: 50, sources: ['1.2.3'],
};

function begun(): { own: OwnDrawings; book: DrawingBook; lengths: { value: readonly SpatialLength[] } } {
  const book = new DrawingBook();
  const lengths = signal<readonly SpatialLength[]>([]);
  const own = new OwnDrawings({ lengths }, book);
  own.images = new Set(['1.2.3']);
  return { own, book, lengths };
}

describe('what the reader has drawn', () => {
  it('is unsaved until it is saved, in images and in volumes', () => {
    const { own, book, lengths } = begun();
    expect(own.differ).toBe(false);
    book.add(LINE);
    lengths.value = [SPATIAL];
    expect(own.differ).toBe(true);
    own.noteSaved(own.keys);
    expect(own.differ).toBe(false);
    lengths.value = [];
    expect(own.differ).toBe(true);
  });

  it('is unsaved when all of it was deleted, and withdrawn once that is saved', () => {
    const { own, book } = begun();
    book.add(LINE);
    own.noteSaved(own.keys);
    book.remove(LINE.id);
    expect(own.differ).toBe(true);
    expect(own.drawn).toEqual({ drawings: [], lengths: [] });
    own.noteSaved(own.keys);
    expect(own.differ).toBe(false);
  });

  it('comes back from what was saved as it was', () => {
    const first = begun();
    first.book.add(LINE);
    first.lengths.value = [SPATIAL];
    const { own, book, lengths } = begun();
    own.putBack(first.own.drawn, true);
    expect(own.differ).toBe(false);
    expect(book.find(LINE.id)?.points).toEqual(LINE.points);
    expect(lengths.value).toEqual([SPATIAL]);
    own.clear();
    expect([book.list, lengths.value]).toEqual([[], []]);
  });

  it('misses nothing of images that are not here', () => {
    const first = begun();
    first.book.add(LINE);
    const { own } = begun();
    own.images = new Set(['9.9']);
    own.putBack(first.own.drawn, true);
    expect(own.differ).toBe(false);
  });

  it('is not what others have drawn', () => {
    const first = begun();
    first.book.add(LINE);
    first.lengths.value = [SPATIAL];
    const { own, book, lengths } = begun();
    own.show({ sop_instance_uid: '7', ...first.own.drawn } as SavedContent);
    expect([book.list.length, lengths.value.length]).toEqual([1, 1]);
    expect(own.differ).toBe(false);
    own.hide('7');
    expect([book.list.length, lengths.value.length]).toEqual([0, 0]);
  });

  it('has nothing to save of a volume without a frame of reference', () => {
    const { own, lengths } = begun();
    lengths.value = [{ ...SPATIAL, frameOfReferenceUid: '' }];
    expect(own.differ).toBe(false);
  });
});
