import { describe, expect, it } from 'vitest';
import { apply, FITTED, flipped, imageToCell, inverse, presentationOf, resized, turned, viewOf, zoomedAt } from './view';

const image = { width: 100, height: 50 };
const cell = { width: 400, height: 400 };
const rounded = (point: readonly [number, number]): readonly number[] => point.map((value) => Math.round(value * 1000) / 1000 + 0);

describe('where an image lies', () => {
  it('fits, in the middle', () => {
    const map = imageToCell(FITTED, image, 1, cell);
    expect(rounded(apply(map, [0, 0]))).toEqual([0, 100]);
    expect(rounded(apply(map, [100, 50]))).toEqual([400, 300]);
  });

  it('honours pixels that are higher than wide', () => {
    const map = imageToCell(FITTED, image, 2, cell);
    expect(rounded(apply(map, [0, 0]))).toEqual([0, 0]);
    expect(rounded(apply(map, [100, 50]))).toEqual([400, 400]);
  });

  it('turns clockwise: the first row goes to the right side', () => {
    const map = imageToCell(turned(FITTED, 1), image, 1, cell);
    expect(rounded(apply(map, [0, 0]))).toEqual([300, 0]);
    expect(rounded(apply(map, [100, 0]))).toEqual([300, 400]);
    expect(rounded(apply(map, [0, 50]))).toEqual([100, 0]);
  });

  it('turns clockwise on the screen also when flipped', () => {
    const start = flipped(FITTED, 'horizontal');
    const [before, after] = [imageToCell(start, image, 1, cell), imageToCell(turned(start, 1), image, 1, cell)];
    const [x, y] = apply(before, [0, 0]);
    expect(rounded(apply(after, [0, 0]))).toEqual(rounded([400 - y, x]));
  });

  it('keeps the point under the pointer when zooming, and undoes itself', () => {
    const point = [130, 210] as const;
    const before = apply(inverse(imageToCell(FITTED, image, 1, cell)), point);
    const zoomed = zoomedAt(FITTED, 3, point, cell);
    expect(rounded(apply(imageToCell(zoomed, image, 1, cell), before))).toEqual([130, 210]);
    expect(zoomedAt(zoomed, 1 / 3, point, cell).zoom).toBeCloseTo(1);
  });

  it('keeps the point in its middle when the cell gets another size, turned or not', () => {
    const [wide, small] = [{ width: 1283, height: 840 }, { width: 641, height: 420 }];
    for (const quarterTurns of [0, 1, 2, 3]) {
      const view = { ...FITTED, zoom: 1.5, pan: [210, -40] as const, quarterTurns };
      const middle = apply(inverse(imageToCell(view, image, 1.2, wide)), [wide.width / 2, wide.height / 2]);
      const after = imageToCell(resized(view, image, 1.2, wide, small), image, 1.2, small);
      expect(rounded(apply(after, middle))).toEqual([small.width / 2, small.height / 2]);
    }
  });

  it('stays within sensible zooms', () => {
    expect(zoomedAt(FITTED, 1e9, [0, 0], cell).zoom).toBe(100);
    expect(zoomedAt(FITTED, 1e-9, [0, 0], cell).zoom).toBe(0.05);
  });
});

describe('a presentation', () => {
  const turns = [0, 1, 2, 3].flatMap((quarterTurns) => [[false, false], [true, false], [false, true], [true, true]].map(
    ([flippedHorizontally = false, flippedVertically = false]) => ({ ...FITTED, zoom: 2, quarterTurns, flippedHorizontally, flippedVertically }),
  ));
  it.each(turns)('puts a view back where it was: $quarterTurns $flippedHorizontally $flippedVertically', (view) => {
    const again = viewOf(presentationOf(view, null));
    const [before, after] = [imageToCell(view, image, 1.5, cell), imageToCell(again, image, 1.5, cell)];
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f'] as const) expect(after[key]).toBeCloseTo(before[key], 9);
  });

  it('is mirrored before it is turned', () => {
    const { a, b } = imageToCell(viewOf({ rotation: 90, flipped: true, magnification: 1, centre: null }), image, 1, cell);
    expect(a).toBeCloseTo(0);
    expect(b).toBeLessThan(0); // to the right, mirrored to the left, turned clockwise: up
  });
});
