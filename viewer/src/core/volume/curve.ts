/** A curved plane: along a smooth curve through points that a person set, and straight in the other direction. */
import { indexOf, type VolumeGrid } from './grid';
import { Sampler } from './resample';
import { distanceBetween, plus, scaled, type Vector } from './vector';
import type { Voxels } from './voxels';

export interface CurveRequest {
  /** Points on the curve, one per column, evenly spaced along it. */
  readonly along: readonly Vector[];
  /** Step from row to row, in mm. */
  readonly toRow: Vector;
  readonly columns: number;
  readonly rows: number;
}

/** Parts into which a piece between two points is cut to measure it. */
const PARTS = 64;

/** A point between the second and the third of four: centripetal Catmull-Rom, which neither loops nor overshoots. */
function between(points: readonly [Vector, Vector, Vector, Vector], part: number): Vector {
  const [a, b, c, d] = points;
  const knot = (from: Vector, to: Vector): number => Math.max(Math.sqrt(distanceBetween(from, to)), 1e-6);
  const [t1, t2] = [knot(a, b), knot(a, b) + knot(b, c)];
  const t3 = t2 + knot(c, d);
  const t = t1 + (t2 - t1) * part;
  const mix = (one: Vector, other: Vector, from: number, to: number): Vector => plus(scaled(one, (to - t) / (to - from)), scaled(other, (t - from) / (to - from)));
  const [ab, bc, cd] = [mix(a, b, 0, t1), mix(b, c, t1, t2), mix(c, d, t2, t3)];
  return mix(mix(ab, bc, 0, t2), mix(bc, cd, t1, t3), t1, t2);
}

/** A smooth curve through the points, as many short straight pieces. */
export function smooth(points: readonly Vector[]): readonly Vector[] {
  const [first] = points;
  if (!first || points.length < 2) return points;
  const at = (index: number): Vector => points[Math.min(Math.max(index, 0), points.length - 1)] ?? first;
  // Before the first and after the last point the curve goes on as it begins and ends.
  const mirrored = (end: Vector, next: Vector): Vector => plus(scaled(end, 2), scaled(next, -1));
  const found: Vector[] = [first];
  for (let piece = 0; piece < points.length - 1; piece += 1) {
    const before = piece === 0 ? mirrored(at(0), at(1)) : at(piece - 1);
    const after = piece === points.length - 2 ? mirrored(at(piece + 1), at(piece)) : at(piece + 2);
    for (let part = 1; part <= PARTS; part += 1) found.push(between([before, at(piece), at(piece + 1), after], part / PARTS));
  }
  return found;
}

/** The length of a line through points, in mm. */
export function lengthOf(line: readonly Vector[]): number {
  return line.slice(1).reduce((sum, point, at) => sum + distanceBetween(point, line[at] ?? point), 0);
}

/** Points along a line, `step` mm from each other. */
export function even(line: readonly Vector[], step: number): readonly Vector[] {
  const [first] = line;
  if (!first) return [];
  const found: Vector[] = [first];
  let next = step;
  let passed = 0;
  for (let at = 1; at < line.length; at += 1) {
    const [from, to] = [line[at - 1] ?? first, line[at] ?? first];
    const piece = distanceBetween(from, to);
    while (piece > 0 && next <= passed + piece + 1e-9) {
      const part = (next - passed) / piece;
      found.push(plus(scaled(from, 1 - part), scaled(to, part)));
      next += step;
    }
    passed += piece;
  }
  return found;
}

/** The values of a curved plane, row by row; the middle row lies on the curve. */
export function resampleCurve(voxels: Voxels, grid: VolumeGrid, request: CurveRequest): Float32Array<ArrayBuffer> {
  const sampler = new Sampler(voxels);
  const values = new Float32Array(request.columns * request.rows);
  request.along.slice(0, request.columns).forEach((point, column) => {
    for (let row = 0; row < request.rows; row += 1) {
      const [x, y, z] = indexOf(grid, plus(point, scaled(request.toRow, row - (request.rows - 1) / 2)));
      values[row * request.columns + column] = sampler.at(x, y, z);
    }
  });
  return values;
}
