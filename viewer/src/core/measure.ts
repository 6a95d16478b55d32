/** Measurement maths on one frame: distances in mm, statistics of regions in modality units. */
import type { Point, Spacing } from './geometry';
import { type GrayscaleParameters, isPadding, modalityValue, type RawPixels } from './grayscale';
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

export type RegionKind = 'ellipse' | 'rectangle';

/** The area of a region between two opposite corners: mm² when calibrated, else pixels. */
export function area(kind: RegionKind, from: Point, to: Point, spacing: Spacing): number {
  const box = Math.abs(to[0] - from[0]) * spacing.column * Math.abs(to[1] - from[1]) * spacing.row;
  return kind === 'ellipse' ? (box * Math.PI) / 4 : box;
}

function inside(kind: RegionKind, x: number, y: number): boolean {
  return kind === 'rectangle' || x * x + y * y <= 1;
}

/** Call `visit` with the index of each pixel whose centre lies in the region between two opposite corners. */
export function pixelsWithin(kind: RegionKind, from: Point, to: Point, rows: number, columns: number, visit: (index: number) => void): void {
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  const [halfWidth, halfHeight] = [(right - left) / 2, (bottom - top) / 2];
  if (halfWidth === 0 || halfHeight === 0) return;
  for (let row = Math.max(Math.ceil(top - 0.5), 0); row + 0.5 <= bottom && row < rows; row += 1) {
    for (let column = Math.max(Math.ceil(left - 0.5), 0); column + 0.5 <= right && column < columns; column += 1) {
      const x = (column + 0.5 - left - halfWidth) / halfWidth;
      const y = (row + 0.5 - top - halfHeight) / halfHeight;
      if (inside(kind, x, y)) visit(row * columns + column);
    }
  }
}

/** Statistics of the modality values in a region, padding left out; null when no pixel's centre is in it. */
export function regionStatistics(
  kind: RegionKind,
  from: Point,
  to: Point,
  pixels: RawPixels,
  parameters: GrayscaleParameters,
): RegionStatistics | null {
  let [count, mean, squares] = [0, 0, 0];
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  pixelsWithin(kind, from, to, parameters.format.rows, parameters.format.columns, (index) => {
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
