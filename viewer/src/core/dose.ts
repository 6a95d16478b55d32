/** A radiotherapy dose as Gy in the patient (PS3.3 C.8.8.3). */
import { number, numbers, text } from './attribute';
import type { DicomInstance, ImageReference } from './display_set';
import { dot, type Vector } from './geometry';
import { isSameFrameOfReference, type Plane, planeOf, toPatient } from './plane_map';
import { Tag } from './tag';

/** Values of a larger grid are not kept in a browser. */
export const MOST_DOSE_CELLS = 2 ** 26;

export interface DoseGrid {
  readonly plane: Plane;
  readonly columns: number;
  readonly rows: number;
  /** Millimetres of each frame along the normal from the first, ascending. */
  readonly offsets: readonly number[];
  /** Gy (or, where `unit` is empty, as the file has it) of each cell, frame by frame. */
  readonly values: Float32Array;
  readonly maximum: number;
  /** `Gy`; empty: relative. */
  readonly unit: string;
}

export type DoseRefusal = 'geometry' | 'scaling' | 'size';

/** What of the header decides whether the grid can be built. */
export function doseRefusal(instance: DicomInstance): DoseRefusal | null {
  const scaling = number(instance, '3004000E');
  if (scaling === null || scaling <= 0) return 'scaling';
  const [columns, rows, frames] = [number(instance, Tag.Columns) ?? 0, number(instance, Tag.Rows) ?? 0, number(instance, Tag.NumberOfFrames) ?? 1];
  if (columns * rows * frames > MOST_DOSE_CELLS) return 'size';
  return planeOf(instance, 1) && doseOffsets(instance, frames) ? null : 'geometry';
}

/** Grid Frame Offset Vector (C.8.8.3.2): from the first frame, or, where that is no zero, places along the patient's z. */
function doseOffsets(instance: DicomInstance, frames: number): readonly number[] | null {
  const found = numbers(instance, '3004000C');
  if (frames <= 1) return [0];
  const [first = 0] = found ?? [];
  const ascending = found?.every((value, at) => at === 0 || value > (found[at - 1] ?? value)) === true;
  const descending = found?.every((value, at) => at === 0 || value < (found[at - 1] ?? value)) === true;
  if (found?.length !== frames || (!ascending && !descending)) return null;
  if (first !== 0 && (planeOf(instance, 1)?.normal[2] ?? 0) < 0.999) return null;
  return found.map((value) => value - first);
}

/** @param frames stored values of each frame in order, as they are: signed where the header says so */
export function doseGrid(instance: DicomInstance, frames: readonly ArrayLike<number>[]): DoseGrid {
  const plane = planeOf(instance, 1);
  const offsets = doseOffsets(instance, frames.length);
  const scaling = number(instance, '3004000E');
  if (!plane || !offsets || scaling === null) throw new RangeError('this dose has no place or no scale');
  const [columns, rows] = [number(instance, Tag.Columns) ?? 0, number(instance, Tag.Rows) ?? 0];
  const order = frames.map((_, at) => at).toSorted((one, other) => (offsets[one] ?? 0) - (offsets[other] ?? 0));
  const values = new Float32Array(columns * rows * frames.length);
  let maximum = 0;
  order.forEach((from, to) => {
    const frame = frames[from] ?? [];
    for (let at = 0; at < columns * rows; at += 1) {
      const value = (frame[at] ?? 0) * scaling;
      values[to * columns * rows + at] = value;
      if (value > maximum) maximum = value;
    }
  });
  return { plane, columns, rows, offsets: order.map((at) => offsets[at] ?? 0), values, maximum, unit: text(instance, '30040002') === 'GY' ? 'Gy' : '' };
}

/** The dose at a point of the patient, between the eight cells around it as treatment planning does; NaN outside of the grid. */
export function doseAt(grid: DoseGrid, point: Vector): number {
  const { plane, columns, rows, offsets, values } = grid;
  const away: Vector = [point[0] - plane.origin[0], point[1] - plane.origin[1], point[2] - plane.origin[2]];
  const [x, y, along] = [dot(away, plane.right) / plane.columnSpacing, dot(away, plane.down) / plane.rowSpacing, dot(away, plane.normal)];
  const z = frameAt(offsets, along);
  if (!(x >= 0 && y >= 0 && x <= columns - 1 && y <= rows - 1) || Number.isNaN(z)) return Number.NaN;
  const [column, row, frame] = [Math.min(Math.floor(x), Math.max(columns - 2, 0)), Math.min(Math.floor(y), Math.max(rows - 2, 0)), Math.floor(z)];
  const [dx, dy, dz] = [x - column, y - row, z - frame];
  const cell = (right: number, down: number, up: number): number =>
    values[(Math.min(frame + up, offsets.length - 1) * rows + Math.min(row + down, rows - 1)) * columns + Math.min(column + right, columns - 1)] ?? 0;
  const line = (down: number, up: number): number => cell(0, down, up) * (1 - dx) + cell(1, down, up) * dx;
  const square = (up: number): number => line(0, up) * (1 - dy) + line(1, up) * dy;
  return square(0) * (1 - dz) + square(1) * dz;
}

/** Between which frames a distance lies; a single plane is valid only where it is. */
function frameAt(offsets: readonly number[], along: number): number {
  const [first = 0, last = 0] = [offsets[0], offsets.at(-1)];
  const slack = 0.01;
  if (along < first - slack || along > last + slack) return Number.NaN;
  const inside = Math.min(Math.max(along, first), last);
  const at = offsets.findLastIndex((offset) => offset <= inside);
  const [low, high] = [offsets[at] ?? first, offsets[at + 1]];
  return high === undefined ? at : at + (inside - low) / (high - low);
}

/** The dose on each pixel of a grid of `columns` × `rows` over an image; null when their positions cannot be compared. */
export function doseOn(grid: DoseGrid, { instance, frame }: ImageReference, columns: number, rows: number): Float32Array | null {
  const plane = planeOf(instance, frame);
  const size = [number(instance, Tag.Columns), number(instance, Tag.Rows)] as const;
  if (!plane || size[0] === null || size[1] === null || !isSameFrameOfReference(plane.frameOfReference, grid.plane.frameOfReference)) return null;
  const found = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      found[y * columns + x] = doseAt(grid, toPatient(plane, [((x + 0.5) * size[0]) / columns, ((y + 0.5) * size[1]) / rows]));
    }
  }
  return found;
}
