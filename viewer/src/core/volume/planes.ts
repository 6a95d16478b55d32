/** The three planes of a multiplanar view, the point they share, and how they turn. */
import { corners, type VolumeGrid } from './grid';
import { cross, dot, minus, plus, scaled, turned, unit, type Vector } from './vector';

export type PlaneName = 'axial' | 'coronal' | 'sagittal';
export const PLANE_NAMES: readonly PlaneName[] = ['axial', 'coronal', 'sagittal'];

/** Directions on the screen, of length 1 and at a right angle. */
export interface Plane {
  readonly right: Vector;
  readonly down: Vector;
}
export type Planes = Readonly<Record<PlaneName, Plane>>;

/** Along the patient's axes, as they are read: from the feet, from the front, from the left (PS3.3 C.7.6.2.1.1: L, P, H). */
export const UPRIGHT: Planes = {
  axial: { right: [1, 0, 0], down: [0, 1, 0] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1] },
};

/** The direction into the screen. */
export function normalOf({ right, down }: Plane): Vector {
  return cross(right, down);
}

/** The planes after the crosshair of one was turned clockwise on the screen: the other two turn about its normal. */
export function turnPlanes(planes: Planes, within: PlaneName, radians: number): Planes {
  const axis = unit(normalOf(planes[within]));
  const turn = (name: PlaneName): Plane => {
    const { right, down } = planes[name];
    if (name === within) return planes[name];
    const along = unit(turned(right, axis, radians));
    const leaning = turned(down, axis, radians);
    // Kept at a right angle, however often it is turned.
    return { right: along, down: unit(minus(leaning, scaled(along, dot(along, leaning)))) };
  };
  return { axial: turn('axial'), coronal: turn('coronal'), sagittal: turn('sagittal') };
}

/** True while the planes stand along the patient's axes. */
export function areUpright(planes: Planes): boolean {
  return PLANE_NAMES.every((name) => dot(planes[name].right, UPRIGHT[name].right) > 1 - 1e-9 && dot(planes[name].down, UPRIGHT[name].down) > 1 - 1e-9);
}

/** How one plane is seen on a canvas. */
export interface PlaneView {
  readonly plane: Plane;
  /** The point of the patient in the middle of the canvas. */
  readonly centre: Vector;
  /** Millimetres of a pixel. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** The point of the plane through `on` that lies straight before `towards`. */
export function ontoPlane(plane: Plane, on: Vector, towards: Vector): Vector {
  const normal = normalOf(plane);
  return minus(towards, scaled(normal, dot(normal, minus(towards, on))));
}

/** Where on the canvas a point is seen, in pixels from its upper left corner. */
export function toCanvas({ plane, centre, scale, width, height }: PlaneView, point: Vector): readonly [number, number] {
  const from = minus(point, centre);
  return [dot(from, plane.right) / scale + width / 2, dot(from, plane.down) / scale + height / 2];
}

/** The point of the plane at a place of the canvas. */
export function fromCanvas({ plane, centre, scale, width, height }: PlaneView, x: number, y: number): Vector {
  return plus(centre, plus(scaled(plane.right, (x - width / 2) * scale), scaled(plane.down, (y - height / 2) * scale)));
}

/** Millimetres from a point to the plane, signed along its normal. */
export function depth({ plane, centre }: PlaneView, point: Vector): number {
  return dot(normalOf(plane), minus(point, centre));
}

/** Millimetres of a pixel with which the whole volume is seen. */
export function fitScale(grid: VolumeGrid, plane: Plane, width: number, height: number): number {
  const extent = (direction: Vector): number => {
    const along = corners(grid).map((corner) => dot(corner, direction));
    return Math.max(...along) - Math.min(...along);
  };
  return Math.max(extent(plane.right) / Math.max(width, 1), extent(plane.down) / Math.max(height, 1));
}

/** A point kept inside the box around the volume, so that the crosshair is never lost. */
export function keepInside(grid: VolumeGrid, point: Vector): Vector {
  const all = corners(grid);
  const kept = [0, 1, 2].map((axis) => {
    const along = all.map((corner) => corner[axis] ?? 0);
    return Math.min(Math.max(point[axis] ?? 0, Math.min(...along)), Math.max(...along));
  });
  return [kept[0] ?? 0, kept[1] ?? 0, kept[2] ?? 0];
}
