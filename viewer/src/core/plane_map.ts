/** Frames as planes in the patient, and what of one plane lies where on another (PS3.3 C.7.6.2.1.1). */
import type { Affine } from './affine';
import { text } from './attribute';
import type { DicomInstance } from './display_set';
import { cross, dot, orientation, type Point, position, spacing, type Vector } from './geometry';
import { Tag } from './tag';

/** A frame in the patient; lengths in mm. */
export interface Plane {
  /** The centre of the first pixel. */
  readonly origin: Vector;
  /** Direction to higher columns, and to higher rows. */
  readonly right: Vector;
  readonly down: Vector;
  readonly normal: Vector;
  /** From one column to the next, and from one row to the next. */
  readonly columnSpacing: number;
  readonly rowSpacing: number;
  /** Empty: none is named. */
  readonly frameOfReference: string;
}

/** Two planes closer than this are one: positions are written with a few decimals. */
export const PLANE_TOLERANCE_MM = 0.2;
/** Cosine of the largest angle between planes that are still parallel: over 25 cm they part by less than the tolerance. */
const PARALLEL = Math.cos(0.0005);

/** Where a frame (1-based) lies; null when its header does not say. */
export function planeOf(instance: DicomInstance, frame: number): Plane | null {
  const [directions, origin] = [orientation(instance, frame), position(instance, frame)];
  const { row, column, calibrated } = spacing(instance, frame);
  if (!directions || !origin || !calibrated) return null;
  const [right, down] = directions;
  return { origin, right, down, normal: cross(right, down), columnSpacing: column, rowSpacing: row, frameOfReference: text(instance, Tag.FrameOfReferenceUID) };
}

function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** A point of the patient from image coordinates (0,0 the outer corner of the first pixel). */
export function toPatient(plane: Plane, [x, y]: Point): Vector {
  const [along, across] = [(x - 0.5) * plane.columnSpacing, (y - 0.5) * plane.rowSpacing];
  const part = (axis: 0 | 1 | 2): number => plane.origin[axis] + plane.right[axis] * along + plane.down[axis] * across;
  return [part(0), part(1), part(2)];
}

/** Image coordinates of a point of the patient, dropped onto the plane along its normal. */
export function toPlane(plane: Plane, point: Vector): Point {
  const away = minus(point, plane.origin);
  return [dot(away, plane.right) / plane.columnSpacing + 0.5, dot(away, plane.down) / plane.rowSpacing + 0.5];
}

/** Millimetres of a point from the plane. */
export function distanceFrom(plane: Plane, point: Vector): number {
  return Math.abs(dot(minus(point, plane.origin), plane.normal));
}

/** False when both name a frame of reference and not the same one: then positions cannot be compared. */
export function isSameFrameOfReference(one: string, other: string): boolean {
  return one === '' || other === '' || one === other;
}

/** From image coordinates of one plane to those of another that is the same plane in the patient; null when it is not. */
export function mapBetween(from: Plane, to: Plane): Affine | null {
  if (!isSameFrameOfReference(from.frameOfReference, to.frameOfReference)) return null;
  if (Math.abs(dot(from.normal, to.normal)) < PARALLEL || distanceFrom(to, from.origin) > PLANE_TOLERANCE_MM) return null;
  const [[e, f], [ax, ay], [cx, cy]] = [toPlane(to, toPatient(from, [0, 0])), toPlane(to, toPatient(from, [1, 0])), toPlane(to, toPatient(from, [0, 1]))];
  return { a: ax - e, b: ay - f, c: cx - e, d: cy - f, e, f };
}
