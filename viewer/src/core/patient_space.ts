/** Where image points lie in the patient, and back (PS3.3 C.7.6.2.1.1); only where the header places the image. */
import { number, text } from './attribute';
import type { ImageReference } from './display_set';
import { cross, dot, orientation, type Point, position, spacing, type Vector } from './geometry';
import { Tag } from './tag';

const FRAME_OF_REFERENCE_UID = '00200052';
/** How far from unit length or a right angle the direction cosines may be. */
const TOLERANCE = 1e-2;

/** The plane of an image; positions in millimetres. */
export interface PatientPlane {
  /** Frame of Reference UID: only points of the same one can be compared; empty when not given. */
  readonly frameOfReference: string;
  /** Centre of the first pixel. */
  readonly origin: Vector;
  readonly alongRow: Vector;
  readonly alongColumn: Vector;
  readonly normal: Vector;
  readonly rowSpacing: number;
  readonly columnSpacing: number;
  readonly rows: number;
  readonly columns: number;
}

/** The plane of an image; null when its position, orientation or pixel size is not given or makes no sense. */
export function patientPlane({ instance, frame }: ImageReference): PatientPlane | null {
  const [directions, origin, size] = [orientation(instance, frame), position(instance, frame), spacing(instance, frame)];
  if (!directions || !origin || !size.calibrated) return null;
  const [alongRow, alongColumn] = directions;
  const odd = Math.abs(dot(alongRow, alongRow) - 1) > TOLERANCE || Math.abs(dot(alongColumn, alongColumn) - 1) > TOLERANCE
    || Math.abs(dot(alongRow, alongColumn)) > TOLERANCE;
  if (odd) return null;
  return {
    frameOfReference: text(instance, FRAME_OF_REFERENCE_UID),
    origin, alongRow, alongColumn,
    normal: cross(alongRow, alongColumn),
    rowSpacing: size.row,
    columnSpacing: size.column,
    rows: number(instance, Tag.Rows) ?? 0,
    columns: number(instance, Tag.Columns) ?? 0,
  };
}

const plus = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const times = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** The point of the patient under image coordinates ((0,0): the outer corner of the first pixel), in mm. */
export function toPatient(plane: PatientPlane, [column, row]: Point): Vector {
  const across = times(plane.alongRow, (column - 0.5) * plane.columnSpacing);
  return plus(plane.origin, plus(across, times(plane.alongColumn, (row - 0.5) * plane.rowSpacing)));
}

/** Image coordinates of a point of the patient, seen along the normal. */
export function toImagePoint(plane: PatientPlane, point: Vector): Point {
  const from = minus(point, plane.origin);
  return [dot(from, plane.alongRow) / plane.columnSpacing + 0.5, dot(from, plane.alongColumn) / plane.rowSpacing + 0.5];
}

/** How far a point lies from the plane along its normal, in mm, with its sign. */
export function heightAbove(plane: PatientPlane, point: Vector): number {
  return dot(minus(point, plane.origin), plane.normal);
}

export function middleOf(plane: PatientPlane): Vector {
  return toPatient(plane, [plane.columns / 2, plane.rows / 2]);
}

/** True when two planes are named to lie in one space, so that their positions can be compared. */
export function inSameSpace(one: PatientPlane, other: PatientPlane): boolean {
  return one.frameOfReference !== '' && one.frameOfReference === other.frameOfReference;
}

/** Cosine of 15°: a little tilt still is the same direction to a reader. */
const PARALLEL = 0.9659;

export function areParallel(one: PatientPlane, other: PatientPlane): boolean {
  return Math.abs(dot(one.normal, other.normal)) >= PARALLEL;
}
