import { describe, expect, it } from 'vitest';
import type { DicomElement, DicomInstance } from './display_set';
import { fittedView, levelFor, objectivePower, slideLevel, slideLevels, tilePlace, tilesInSight, zoomedSlide } from './slide';

const el = (vr: string, ...Value: readonly unknown[]): DicomElement => ({ vr, Value });
const sq = (...Value: readonly DicomInstance[]): DicomElement => ({ vr: 'SQ', Value });

/** 25 × 15 pixels and so on, in tiles of 10 × 10. */
function level(columns: number, rows: number, frames: number, more: DicomInstance = {}): DicomInstance {
  return {
    '00480006': el('UL', columns), '00480007': el('UL', rows), '00280010': el('US', 10), '00280011': el('US', 10), '00280008': el('IS', frames),
    '00209311': el('CS', 'TILED_FULL'), '00480001': el('FL', 0.05), ...more,
  };
}

describe('a level of a slide (PS3.3 C.7.6.17.3)', () => {
  it('lays full tiles row by row', () => {
    const found = slideLevel(level(25, 15, 6));
    expect(found?.tiles.map(({ left, top, image }) => [left, top, image.frame])).toEqual([[0, 0, 1], [10, 0, 2], [20, 0, 3], [0, 10, 4], [10, 10, 5], [20, 10, 6]]);
    expect(found?.spacing).toBeCloseTo(0.002, 9);
  });

  it('takes the first optical path of several', () => {
    expect(slideLevel(level(25, 15, 12))?.tiles.length).toBe(6);
  });

  it('places sparse tiles where they say, counted from 1, and refuses those that do not', () => {
    const at = (left: number, top: number): DicomInstance => ({ '0048021A': sq({ '0048021E': el('SL', left), '0048021F': el('SL', top) }) });
    const sparse = level(25, 15, 2, { '00209311': el('CS', 'TILED_SPARSE'), '52009230': sq(at(11, 1), at(1, 11)) });
    expect(slideLevel(sparse)?.tiles.map(({ left, top }) => [left, top])).toEqual([[10, 0], [0, 10]]);
    expect(slideLevel(level(25, 15, 2, { '00209311': el('CS', 'TILED_SPARSE') }))).toBeNull();
  });
});

describe('looking at a slide', () => {
  const levels = slideLevels([level(25, 15, 6), level(100, 60, 60), level(50, 30, 15)]);
  const [largest] = levels;
  if (!largest) throw new Error('no level');
  const screen = { width: 200, height: 60 };

  it('begins with the whole', () => {
    expect(levels.map(({ columns }) => columns)).toEqual([100, 50, 25]);
    expect(fittedView(largest, screen)).toEqual({ centre: [50, 30], scale: 1 });
  });

  it('takes the smallest level that is fine enough', () => {
    expect([2, 1, 0.51, 0.5, 0.3, 0.25, 0.01].map((scale) => levelFor(levels, scale))).toEqual([0, 0, 0, 1, 1, 2, 2]);
  });

  it('puts a tile of a coarser level over the same tissue', () => {
    const [, middle] = levels;
    const tile = middle?.tiles[6];
    expect(middle && tile && tilePlace(tile, middle, largest, { centre: [50, 30], scale: 1 }, screen)).toEqual([70, 20, 20, 20]);
  });

  it('asks for what is in sight only', () => {
    const found = tilesInSight(largest, largest, { centre: [15, 15], scale: 4 }, { width: 40, height: 40 });
    expect(found.map(({ left, top }) => [left, top])).toEqual([[10, 10]]);
  });

  it('zooms about a point', () => {
    const before = { centre: [50, 30], scale: 1 } as const;
    const after = zoomedSlide(before, 2, [150, 30], screen, 0.1);
    expect(after).toEqual({ centre: [75, 30], scale: 2 });
    expect(zoomedSlide(before, 1e-9, [0, 0], screen, 0.1).scale).toBe(0.1);
  });

  it('knows the objective', () => {
    expect(objectivePower([{ '00480105': sq({ '00480112': el('DS', 40) }) }])).toBe(40);
    expect(objectivePower([{}])).toBeNull();
  });
});
