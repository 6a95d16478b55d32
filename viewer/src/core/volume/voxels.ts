/** The modality values of a volume (HU, Bq/ml …), slice by slice as they arrive. */
import { type GrayscaleParameters, isPadding, modalityTable, modalityValue, type RawPixels } from '../grayscale';
import { storedValue } from '../pixel_format';

/** What a slot holds: nothing ever, nothing yet, its slice. */
export const Slot = { Missing: 0, Awaited: 1, Here: 2 } as const;

/** What stands for padding among 16-bit values; among floats it is NaN. */
export const PADDING_16 = -32768;

const LIMIT_16 = 32767;

/** Bytes of a volume with whole numbers, which is how it begins. */
export function bytesNeeded(columns: number, rows: number, slots: number): number {
  return columns * rows * slots * 2;
}

/** Values did not fit into 16 bits, and with 32 there is no room. */
export class TooLargeError extends Error {}

export class Voxels {
  values: Int16Array | Float32Array;
  readonly slots: Uint8Array;

  /** @param mostBytes what may be held */
  constructor(
    readonly columns: number,
    readonly rows: number,
    readonly count: number,
    private readonly mostBytes: number,
  ) {
    if (bytesNeeded(columns, rows, count) > mostBytes) throw new TooLargeError();
    this.values = new Int16Array(columns * rows * count);
    this.slots = new Uint8Array(count);
  }

  /** Say which slots have an image that will come. */
  expect(slots: readonly number[]): void {
    for (const slot of slots) this.slots[slot] = Slot.Awaited;
  }

  /** The slice of a slot cannot be had. */
  lose(slot: number): void {
    this.slots[slot] = Slot.Missing;
  }

  /** Fill a slot. @throws TooLargeError */
  fill(slot: number, pixels: RawPixels, parameters: GrayscaleParameters): void {
    const from = slot * this.columns * this.rows;
    const values = sliceValues(pixels, parameters);
    if (this.values instanceof Int16Array && !this.fit(values, from)) {
      this.widen();
      (this.values as Int16Array | Float32Array).set(values, from);
    } else if (this.values instanceof Float32Array) this.values.set(values, from);
    this.slots[slot] = Slot.Here;
  }

  /** Put whole numbers into 16 bits; false when some are not. */
  private fit(slice: Float64Array, from: number): boolean {
    const { values } = this;
    for (let at = 0; at < slice.length; at += 1) {
      const value = slice[at] ?? Number.NaN;
      if (Number.isNaN(value)) values[from + at] = PADDING_16;
      else if (Number.isInteger(value) && value >= -LIMIT_16 && value <= LIMIT_16) values[from + at] = value;
      else return false;
    }
    return true;
  }

  private widen(): void {
    if (this.values.length * 4 > this.mostBytes) throw new TooLargeError();
    this.values = Float32Array.from(this.values, (value) => (value === PADDING_16 ? Number.NaN : value));
  }
}

/** Modality values of one frame; NaN for padding and what is no number. */
function sliceValues(pixels: RawPixels, parameters: GrayscaleParameters): Float64Array {
  const values = new Float64Array(pixels.length);
  if (pixels instanceof Uint8Array || pixels instanceof Uint16Array) {
    const table = modalityTable(parameters);
    for (let at = 0; at < values.length; at += 1) values[at] = table[pixels[at] ?? 0] ?? Number.NaN;
    return values;
  }
  pixels.forEach((raw, at) => {
    const stored = storedValue(raw, parameters.format);
    values[at] = !Number.isFinite(stored) || isPadding(stored, parameters) ? Number.NaN : modalityValue(stored, parameters.modality);
  });
  return values;
}
