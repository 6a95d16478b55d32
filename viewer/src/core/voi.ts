/** VOI transformations: what part of the modality values is shown between black (0) and white (1) (PS3.3 C.11.2). */
import { lookUp, type LookupTable } from './lookup_table';
import type { Voi } from './viewport';

/** LINEAR, PS3.3 C.11.2.1.2.1; a width of 1 is a threshold. */
function linear(value: number, center: number, width: number): number {
  if (value <= center - 0.5 - (width - 1) / 2) return 0;
  if (value > center - 0.5 + (width - 1) / 2) return 1;
  return (value - (center - 0.5)) / (width - 1) + 0.5;
}

/** LINEAR_EXACT, PS3.3 C.11.2.1.3.2. */
function linearExact(value: number, center: number, width: number): number {
  if (value <= center - width / 2) return 0;
  if (value > center + width / 2) return 1;
  return (value - center) / width + 0.5;
}

/** SIGMOID, PS3.3 C.11.2.1.3.1. */
function sigmoid(value: number, center: number, width: number): number {
  return 1 / (1 + Math.exp((-4 * (value - center)) / width));
}

const FUNCTIONS: Record<Voi['function'], (value: number, center: number, width: number) => number> = {
  LINEAR: linear,
  LINEAR_EXACT: linearExact,
  SIGMOID: sigmoid,
};

/** Where a modality value lies between black and white, 0 to 1, under a window. */
export function windowed(value: number, voi: Voi): number {
  return FUNCTIONS[voi.function](value, voi.center, voi.width);
}

/** Where a modality value lies between black and white, 0 to 1, under a VOI LUT (PS3.3 C.11.2.1.1). */
export function tabled(value: number, table: LookupTable): number {
  return Math.min(lookUp(table, value) / (2 ** table.bitsPerEntry - 1), 1);
}

/** The VOI LUT Function a header names; anything unknown or absent is LINEAR (PS3.3 C.11.2.1.3). */
export function voiFunction(name: string): Voi['function'] {
  return name === 'SIGMOID' || name === 'LINEAR_EXACT' ? name : 'LINEAR';
}

/** The smallest width a function accepts: 1 for LINEAR, above 0 for the others (PS3.3 C.11.2.1.2.1, C.11.2.1.3). */
export function isValid(voi: Voi): boolean {
  return Number.isFinite(voi.center) && Number.isFinite(voi.width) && (voi.function === 'LINEAR' ? voi.width >= 1 : voi.width > 0);
}

/** The product's default where a header gives none: all values from minimum to maximum, LINEAR_EXACT. */
export function fullRange(minimum: number, maximum: number): Voi {
  const width = maximum > minimum ? maximum - minimum : 1;
  return { center: minimum + width / 2, width, function: 'LINEAR_EXACT' };
}
