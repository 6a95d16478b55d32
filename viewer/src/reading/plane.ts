/** Where an image lies in the space Cornerstone3D draws in (PS3.3 C.7.6.2.1.1), and back to image coordinates. */

export type Vector = readonly [number, number, number];

/** A plane with an orthonormal pair of directions; spacings in millimetres, or relative where the image has none. */
export interface ImagePlane {
  /** Centre of the first pixel. */
  readonly origin: Vector;
  /** Direction of growing column index. */
  readonly alongRow: Vector;
  /** Direction of growing row index. */
  readonly alongColumn: Vector;
  /** Distance between columns. */
  readonly columnSpacing: number;
  /** Distance between rows. */
  readonly rowSpacing: number;
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const length = (a: Vector): number => Math.sqrt(dot(a, a));
const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const plus = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];

/** How far from a right angle or unit length an Image Orientation (Patient) may be before it is not believed. */
const TOLERANCE = 1e-2;

/**
 * The plane of an image; without a usable position and orientation it lies flat at the origin.
 * @param spacing distance between rows, distance between columns.
 */
export function imagePlane(
  position: readonly number[] | null, orientation: readonly number[] | null, spacing: readonly [number, number],
): ImagePlane {
  const [rowSpacing, columnSpacing] = spacing;
  const flat: ImagePlane = { origin: [0, 0, 0], alongRow: [1, 0, 0], alongColumn: [0, 1, 0], columnSpacing, rowSpacing };
  if (position?.length !== 3 || orientation?.length !== 6) return flat;
  const [x0 = 0, y0 = 0, z0 = 0, x1 = 0, y1 = 0, z1 = 0] = orientation;
  const row: Vector = [x0, y0, z0];
  const column: Vector = [x1, y1, z1];
  const odd = Math.abs(length(row) - 1) > TOLERANCE || Math.abs(length(column) - 1) > TOLERANCE || Math.abs(dot(row, column)) > TOLERANCE;
  if (odd) return flat;
  const alongRow = scaled(row, 1 / length(row));
  const leaning = plus(column, scaled(alongRow, -dot(column, alongRow)));
  const [x = 0, y = 0, z = 0] = position;
  return { origin: [x, y, z], alongRow, alongColumn: scaled(leaning, 1 / length(leaning)), columnSpacing, rowSpacing };
}

/** Image coordinates (column, row; (0,0) the outer corner of the first pixel) of a point in space. */
export function toImage(plane: ImagePlane, point: Vector): [number, number] {
  const from: Vector = [point[0] - plane.origin[0], point[1] - plane.origin[1], point[2] - plane.origin[2]];
  return [dot(from, plane.alongRow) / plane.columnSpacing + 0.5, dot(from, plane.alongColumn) / plane.rowSpacing + 0.5];
}

/** The point in space of image coordinates. */
export function toWorld(plane: ImagePlane, [column, row]: readonly [number, number]): [number, number, number] {
  const across = scaled(plane.alongRow, (column - 0.5) * plane.columnSpacing);
  const down = scaled(plane.alongColumn, (row - 0.5) * plane.rowSpacing);
  const [x, y, z] = plus(plane.origin, plus(across, down));
  return [x, y, z];
}

/**
 * The plane as Cornerstone3D's CPU path wants it: there the origin is the outer corner of the first pixel, not its centre.
 */
export function fromCorner(plane: ImagePlane): ImagePlane {
  return { ...plane, origin: toWorld(plane, [0, 0]) };
}
