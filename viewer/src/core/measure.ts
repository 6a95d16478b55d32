/** Measurement maths on one frame: distances in mm, statistics of regions in modality units. */
import type { Point, Spacing } from './geometry';
import { type GrayscaleParameters, isPadding, modalityValue, type RawPixels } from './grayscale';
import type { RegionKind } from './measurement';
import { storedValue } from './pixel_format';

/** The distance between two points of an image: mm when the spacing is calibrated, else pixels of square shape. */
export function distance(from: Point, to: Point, spacing: Spacing): number {
  return Math.hypot((to[0] - from[0]) * spacing.column, (to[1] - from[1]) * spacing.row);
}

export interface RegionStatistics {
  readonly count: number;
  readonly mean: number;
  /** Of the whole population, not of a sample. */
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
}

type Line = readonly [Point, Point];

/** The angle between two directions, 0–180 degrees, as it is in the patient: pixels need not be square. */
export function angleBetween([a, b]: Line, [c, d]: Line, spacing: Spacing): number {
  const [x, y] = [(b[0] - a[0]) * spacing.column, (b[1] - a[1]) * spacing.row];
  const [u, v] = [(d[0] - c[0]) * spacing.column, (d[1] - c[1]) * spacing.row];
  return (Math.atan2(Math.abs(x * v - y * u), x * u + y * v) * 180) / Math.PI;
}

/** The box around points: left, top, right, bottom. */
export function boxAround(points: readonly Point[]): readonly [number, number, number, number] {
  const columns = points.map(([x]) => x);
  const rows = points.map(([, y]) => y);
  return [Math.min(...columns), Math.min(...rows), Math.max(...columns), Math.max(...rows)];
}

/** Area of a closed outline in pixels (the surveyor's formula); parts that it goes around the other way count against it. */
function outlineArea(points: readonly Point[]): number {
  let twice = 0;
  points.forEach(([x, y], at) => {
    const [u, v] = points[(at + 1) % points.length] ?? [x, y];
    twice += x * v - u * y;
  });
  return Math.abs(twice) / 2;
}

/** The area of a region (its corners as in Drawing.points): mm² when calibrated, else pixels. */
export function area(kind: RegionKind, points: readonly Point[], spacing: Spacing): number {
  const pixel = spacing.column * spacing.row;
  if (kind === 'freehand') return outlineArea(points) * pixel;
  const [left, top, right, bottom] = boxAround(points);
  return (right - left) * (bottom - top) * pixel * (kind === 'ellipse' ? Math.PI / 4 : 1);
}

/** Where a row's middle crosses an outline, from left to right; inside is from each odd one to the next. */
function crossings(points: readonly Point[], y: number): number[] {
  const found: number[] = [];
  points.forEach(([x0, y0], at) => {
    const [x1, y1] = points[(at + 1) % points.length] ?? [x0, y0];
    if (y0 > y !== y1 > y) found.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  });
  return found.sort((one, other) => one - other);
}

/** From where to where a row's middle lies inside a region. */
function spans(kind: RegionKind, points: readonly Point[], y: number): readonly number[] {
  if (kind === 'freehand') return crossings(points, y);
  const [left, top, right, bottom] = boxAround(points);
  if (right === left || bottom === top || y < top || y > bottom) return [];
  if (kind === 'rectangle') return [left, right];
  const height = (y - (top + bottom) / 2) / ((bottom - top) / 2);
  const half = ((right - left) / 2) * Math.sqrt(Math.max(1 - height * height, 0));
  return [(left + right) / 2 - half, (left + right) / 2 + half];
}

/** Call `visit` with the index of each pixel whose centre lies in the region. */
export function pixelsWithin(kind: RegionKind, points: readonly Point[], rows: number, columns: number, visit: (index: number) => void): void {
  const [, top, , bottom] = boxAround(points);
  for (let row = Math.max(Math.ceil(top - 0.5), 0); row + 0.5 <= bottom && row < rows; row += 1) {
    const ends = spans(kind, points, row + 0.5);
    for (let at = 0; at + 1 < ends.length; at += 2) {
      const [from = 0, to = 0] = ends.slice(at, at + 2);
      for (let column = Math.max(Math.ceil(from - 0.5), 0); column + 0.5 <= to && column < columns; column += 1) visit(row * columns + column);
    }
  }
}

/** Statistics of the modality values in a region, padding left out; null when no pixel's centre is in it. */
export function regionStatistics(
  kind: RegionKind,
  points: readonly Point[],
  pixels: RawPixels,
  parameters: GrayscaleParameters,
): RegionStatistics | null {
  let [count, mean, squares] = [0, 0, 0];
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  pixelsWithin(kind, points, parameters.format.rows, parameters.format.columns, (index) => {
    const stored = storedValue(pixels[index] ?? 0, parameters.format);
    if (!Number.isFinite(stored) || isPadding(stored, parameters)) return;
    const value = modalityValue(stored, parameters.modality);
    count += 1;
    const change = value - mean; // Welford: no loss of digits when the mean is far from zero
    mean += change / count;
    squares += change * (value - mean);
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  });
  return count === 0 ? null : { count, mean, standardDeviation: Math.sqrt(squares / count), minimum, maximum };
}
