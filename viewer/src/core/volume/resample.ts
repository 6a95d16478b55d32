/** Values of a volume on a plane through it: trilinear, thick or thin, and nothing where nothing was acquired. */
import { toIndex, type VolumeGrid } from './grid';
import { dot, minus, plus, scaled, type Vector } from './vector';
import { PADDING_16, Slot, type Voxels } from './voxels';

/** What stands in a plane for a place without a value. */
export const OUTSIDE = Number.NEGATIVE_INFINITY;
/** A slice that belongs here is not there. */
export const MISSING = Number.POSITIVE_INFINITY;
/** Padding, or a slice that has not arrived yet. */
export const NOTHING = Number.NaN;

export type SlabMode = 'thin' | 'maximum' | 'minimum' | 'average';

/** A picture plane: its first pixel's centre and the steps from pixel to pixel, in mm. */
export interface PlaneRequest {
  readonly columns: number;
  readonly rows: number;
  readonly origin: Vector;
  readonly toColumn: Vector;
  readonly toRow: Vector;
  readonly slab: SlabMode;
  /** Millimetres that a slab takes together, half of them on each side. */
  readonly thickness: number;
  /** Direction through the slab, of length 1. */
  readonly normal: Vector;
}

/** Most samples through a slab. */
const MOST_SAMPLES = 512;

/** Reads values between voxels: a grid position in, a modality value or one of the above out. */
export class Sampler {
  private readonly plane: number;

  constructor(private readonly voxels: Voxels) {
    this.plane = voxels.columns * voxels.rows;
  }

  /** A voxel reaches half a step to each side of its centre; beyond the outermost ones there is nothing. */
  at(column: number, row: number, slot: number): number {
    const { columns, rows, count, slots } = this.voxels;
    if (!(column >= -0.5 && row >= -0.5 && slot >= -0.5 && column <= columns - 0.5 && row <= rows - 0.5 && slot <= count - 0.5)) return OUTSIDE;
    const nearest = Math.min(count - 1, Math.floor(slot + 0.5));
    const state = slots[nearest];
    if (state !== Slot.Here) return state === Slot.Missing ? MISSING : NOTHING;
    const x = column < 0 ? 0 : column > columns - 1 ? columns - 1 : column;
    const y = row < 0 ? 0 : row > rows - 1 ? rows - 1 : row;
    let z = slot < 0 ? 0 : slot > count - 1 ? count - 1 : slot;
    let below = Math.floor(z);
    // Beside a slice that is not there, the one that is there reaches its half step and no further.
    if (z > below && (slots[below] !== Slot.Here || slots[below + 1] !== Slot.Here)) {
      z = nearest;
      below = nearest;
    }
    return this.between(x, y, z - below, below);
  }

  private between(x: number, y: number, up: number, below: number): number {
    const { columns, rows, count, values } = this.voxels;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, down] = [x - left, y - top];
    const start = below * this.plane + top * columns + left;
    const across = left + 1 < columns ? 1 : 0;
    const under = top + 1 < rows ? columns : 0;
    const above = below + 1 < count ? this.plane : 0;
    const a = values[start] ?? 0;
    const b = values[start + across] ?? 0;
    const c = values[start + under] ?? 0;
    const d = values[start + under + across] ?? 0;
    const flat = values instanceof Int16Array;
    if (up === 0) {
      if (flat && (a === PADDING_16 || b === PADDING_16 || c === PADDING_16 || d === PADDING_16)) return this.besidePadding(start, across, under, 0, right, down, up);
      const value = (a * (1 - right) + b * right) * (1 - down) + (c * (1 - right) + d * right) * down;
      return Number.isNaN(value) ? this.besidePadding(start, across, under, 0, right, down, up) : value;
    }
    const e = values[start + above] ?? 0;
    const f = values[start + above + across] ?? 0;
    const g = values[start + above + under] ?? 0;
    const h = values[start + above + under + across] ?? 0;
    if (flat && (a === PADDING_16 || b === PADDING_16 || c === PADDING_16 || d === PADDING_16
      || e === PADDING_16 || f === PADDING_16 || g === PADDING_16 || h === PADDING_16)) {
      return this.besidePadding(start, across, under, above, right, down, up);
    }
    const low = (a * (1 - right) + b * right) * (1 - down) + (c * (1 - right) + d * right) * down;
    const high = (e * (1 - right) + f * right) * (1 - down) + (g * (1 - right) + h * right) * down;
    const value = low * (1 - up) + high * up;
    return Number.isNaN(value) ? this.besidePadding(start, across, under, above, right, down, up) : value;
  }

  /** Padding takes no part: nothing where the nearest voxel is padding, else the voxels that are none, by their weight. */
  private besidePadding(start: number, across: number, under: number, above: number, right: number, down: number, up: number): number {
    const { values } = this.voxels;
    let [sum, weights, heaviest, nearest] = [0, 0, -1, NOTHING];
    for (let corner = 0; corner < 8; corner += 1) {
      const [toRight, toBottom, toTop] = [corner & 1, (corner >> 1) & 1, corner >> 2];
      const weight = (toRight ? right : 1 - right) * (toBottom ? down : 1 - down) * (toTop ? up : 1 - up);
      const raw = values[start + toRight * across + toBottom * under + toTop * above] ?? NOTHING;
      const value = raw === PADDING_16 && values instanceof Int16Array ? NOTHING : raw;
      if (weight > heaviest) [heaviest, nearest] = [weight, value];
      if (weight > 0 && !Number.isNaN(value)) {
        sum += weight * value;
        weights += weight;
      }
    }
    return Number.isNaN(nearest) || weights === 0 ? NOTHING : sum / weights;
  }
}

/** Where the samples through a slab lie, in mm from its middle: the middles of equal parts no thicker than `step`. */
export function slabOffsets(thickness: number, step: number): readonly number[] {
  if (!(thickness > 0)) return [0];
  const count = Math.min(MOST_SAMPLES, Math.max(1, Math.ceil(thickness / step)));
  return Array.from({ length: count }, (_, at) => ((at + 0.5) / count - 0.5) * thickness);
}

/** One line through a slab: outside takes no part; a missing slice makes the whole unknown. */
function through(sampler: Sampler, column: number, row: number, slot: number, mode: SlabMode, steps: Float64Array): number {
  let [count, found, outside] = [0, 0, true];
  for (let at = 0; at < steps.length; at += 3) {
    const value = sampler.at(column + (steps[at] ?? 0), row + (steps[at + 1] ?? 0), slot + (steps[at + 2] ?? 0));
    if (value === MISSING) return MISSING;
    if (value === OUTSIDE) continue;
    outside = false;
    if (Number.isNaN(value)) continue;
    if (count === 0) found = value;
    else if (mode === 'maximum') found = value > found ? value : found;
    else if (mode === 'minimum') found = value < found ? value : found;
    else found += value;
    count += 1;
  }
  if (outside) return OUTSIDE;
  if (count === 0) return NOTHING;
  return mode === 'average' ? found / count : found;
}

/** The plane's values, row by row. */
export function resample(voxels: Voxels, grid: VolumeGrid, request: PlaneRequest): Float32Array<ArrayBuffer> {
  const map = toIndex(grid);
  const indexed = (a: Vector): Vector => [dot(map.column, a), dot(map.row, a), dot(map.slot, a)];
  const sampler = new Sampler(voxels);
  const values = new Float32Array(request.columns * request.rows);
  const start = indexed(minus(request.origin, grid.origin));
  const [across, down, deep] = [indexed(request.toColumn), indexed(request.toRow), indexed(request.normal)];
  // Half of the distance from voxel to voxel, so that no voxel is passed by.
  const step = 0.5 / Math.max(1e-9, Math.hypot(...deep));
  const offsets = request.slab === 'thin' ? [0] : slabOffsets(request.thickness, step);
  const steps = Float64Array.from(offsets.flatMap((offset) => [...scaled(deep, offset)]));
  const single = offsets.length === 1;
  for (let row = 0; row < request.rows; row += 1) {
    const from = plus(start, scaled(down, row));
    for (let column = 0; column < request.columns; column += 1) {
      const x = from[0] + across[0] * column;
      const y = from[1] + across[1] * column;
      const z = from[2] + across[2] * column;
      values[row * request.columns + column] = single ? sampler.at(x, y, z) : through(sampler, x, y, z, request.slab, steps);
    }
  }
  return values;
}
