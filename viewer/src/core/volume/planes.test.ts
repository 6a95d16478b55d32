import { describe, expect, it } from 'vitest';
import { even, lengthOf, smooth } from './curve';
import { areUpright, depth, fromCanvas, normalOf, ontoPlane, PLANE_NAMES, type PlaneView, toCanvas, turnPlanes, UPRIGHT } from './planes';
import { distanceBetween, dot, size, type Vector } from './vector';

describe('planes', () => {
  it('look from the feet, the front and the left', () => {
    expect(normalOf(UPRIGHT.axial)).toEqual([0, 0, 1]);
    expect(normalOf(UPRIGHT.coronal)).toEqual([-0, 1, 0]);
    expect(normalOf(UPRIGHT.sagittal)).toEqual([-1, 0, 0]);
  });

  it('stay at right angles however often they are turned', () => {
    let planes = UPRIGHT;
    for (let turn = 0; turn < 500; turn += 1) planes = turnPlanes(planes, PLANE_NAMES[turn % 3] ?? 'axial', 0.1 + turn / 900);
    for (const name of PLANE_NAMES) {
      const { right, down } = planes[name];
      expect(size(right)).toBeCloseTo(1, 9);
      expect(size(down)).toBeCloseTo(1, 9);
      expect(dot(right, down)).toBeCloseTo(0, 9);
    }
    expect(Math.abs(dot(normalOf(planes.axial), normalOf(planes.coronal)))).toBeLessThan(1e-6);
    expect(areUpright(planes)).toBe(false);
    expect(areUpright(UPRIGHT)).toBe(true);
  });

  it('turn clockwise on the screen', () => {
    const turned = turnPlanes(UPRIGHT, 'axial', Math.PI / 6);
    expect(turned.axial).toBe(UPRIGHT.axial);
    // The coronal plane's direction to the right has gone down on the axial picture: to the back.
    expect(turned.coronal.right[1]).toBeCloseTo(0.5, 12);
  });

  it('keep lengths on the canvas and off it', () => {
    const planes = turnPlanes(turnPlanes(UPRIGHT, 'axial', 0.4), 'sagittal', -0.9);
    const cross: Vector = [12, -40, 7];
    const view: PlaneView = { plane: planes.coronal, centre: ontoPlane(planes.coronal, cross, [100, 80, 60]), scale: 0.31, width: 640, height: 480 };
    expect(depth(view, cross)).toBeCloseTo(0, 9);
    const [one, other] = [fromCanvas(view, 100, 50), fromCanvas(view, 400, 450)];
    expect(distanceBetween(one, other)).toBeCloseTo(500 * 0.31, 9);
    const [x, y] = toCanvas(view, other);
    expect([x, y]).toEqual([expect.closeTo(400, 9), expect.closeTo(450, 9)]);
  });
});

describe('curve', () => {
  it('goes through its points, and straight where these lie straight', () => {
    const line = smooth([[0, 0, 0], [10, 0, 0], [40, 0, 0]]);
    expect(lengthOf(line)).toBeCloseTo(40, 6);
    expect(line).toContainEqual([expect.closeTo(10, 9), 0, 0]);
  });

  it('follows a circle to a part in a hundred', () => {
    const circle = Array.from({ length: 9 }, (_, at): Vector => [50 * Math.cos((at * Math.PI) / 8), 50 * Math.sin((at * Math.PI) / 8), 5]);
    expect(lengthOf(smooth(circle))).toBeCloseTo(50 * Math.PI, 0);
  });

  it('is cut into even steps', () => {
    const points = even(smooth([[0, 0, 0], [10, 0, 0], [10, 10, 0]]), 0.5);
    points.slice(1).forEach((point, at) => expect(distanceBetween(point, points[at] ?? point)).toBeLessThanOrEqual(0.5 + 1e-9));
    expect(points.length).toBeGreaterThan(39);
  });
});
