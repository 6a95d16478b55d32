import { describe, expect, it } from 'vitest';
import { fromCorner, imagePlane, toImage, toWorld } from './plane';

const oblique = imagePlane([-100, 50, 20], [0.6, 0.8, 0, 0, 0, -1], [0.7, 0.5]);

describe('plane', () => {
  it('puts the centre of the first pixel at the image position', () => {
    expect(toImage(oblique, [-100, 50, 20])).toEqual([0.5, 0.5]);
  });

  it('goes to space and back', () => {
    const [column, row] = toImage(oblique, toWorld(oblique, [12.25, 300]));
    expect(column).toBeCloseTo(12.25, 9);
    expect(row).toBeCloseTo(300, 9);
  });

  it('measures columns with the column spacing, rows with the row spacing', () => {
    const [ax, ay, az] = toWorld(oblique, [10, 10]);
    const [bx, by, bz] = toWorld(oblique, [20, 10]);
    const [cx, cy, cz] = toWorld(oblique, [10, 20]);
    expect(Math.hypot(bx - ax, by - ay, bz - az)).toBeCloseTo(5, 9);
    expect(Math.hypot(cx - ax, cy - ay, cz - az)).toBeCloseTo(7, 9);
  });

  it('does not believe an orientation that is no pair of unit vectors at a right angle', () => {
    expect(imagePlane([1, 2, 3], [1, 0, 0, 1, 0, 0], [1, 1]).origin).toEqual([0, 0, 0]);
    expect(imagePlane([1, 2, 3], [0, 0, 0, 0, 0, 0], [1, 1]).alongRow).toEqual([1, 0, 0]);
    expect(imagePlane(null, [1, 0, 0, 0, 1, 0], [2, 3])).toMatchObject({ rowSpacing: 2, columnSpacing: 3 });
  });

  it('starts at the corner for the CPU path', () => {
    expect(toImage(oblique, fromCorner(oblique).origin)).toEqual([expect.closeTo(0, 9), expect.closeTo(0, 9)]);
  });
});
