/** A volume made small enough for a graphics card: the mean of the voxels that fall together. */
import { PADDING_16, Slot, type Voxels } from './voxels';

export interface TextureSize {
  readonly columns: number;
  readonly rows: number;
  readonly slots: number;
}

export interface VolumeTexture {
  /** Column by column, row by row, slot by slot; -65504, the least a half float holds, where there is no value. */
  readonly values: Float32Array<ArrayBuffer>;
  readonly size: TextureSize;
}

/** The least value of a 16-bit float: what has no value is clear in every transfer function. */
export const NO_VALUE = -65504;

function factor(count: number, longest: number): number {
  return Math.max(1, Math.ceil(count / longest));
}

/** The volume with no side longer than `longest`. */
export function texture(voxels: Voxels, longest: number): VolumeTexture {
  const { columns, rows, count, values, slots } = voxels;
  const [byColumn, byRow, bySlot] = [factor(columns, longest), factor(rows, longest), factor(count, longest)];
  const size = { columns: Math.ceil(columns / byColumn), rows: Math.ceil(rows / byRow), slots: Math.ceil(count / bySlot) };
  const sums = new Float32Array(size.columns * size.rows * size.slots);
  const counts = new Uint16Array(sums.length);
  const whole = values instanceof Int16Array;
  for (let slot = 0; slot < count; slot += 1) {
    if (slots[slot] !== Slot.Here) continue;
    for (let row = 0; row < rows; row += 1) {
      const to = (Math.floor(slot / bySlot) * size.rows + Math.floor(row / byRow)) * size.columns;
      const from = (slot * rows + row) * columns;
      for (let column = 0; column < columns; column += 1) {
        const value = values[from + column] ?? Number.NaN;
        if (whole ? value === PADDING_16 : Number.isNaN(value)) continue;
        const at = to + Math.floor(column / byColumn);
        sums[at] = (sums[at] ?? 0) + value;
        counts[at] = (counts[at] ?? 0) + 1;
      }
    }
  }
  for (let at = 0; at < sums.length; at += 1) {
    const many = counts[at] ?? 0;
    sums[at] = many === 0 ? NO_VALUE : (sums[at] ?? 0) / many;
  }
  return { values: sums, size };
}

/** How many voxels of each direction became one. */
export function reduction(full: TextureSize, longest: number): readonly [number, number, number] {
  return [factor(full.columns, longest), factor(full.rows, longest), factor(full.slots, longest)];
}
