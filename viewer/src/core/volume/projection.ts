/** A window for a maximum intensity projection, where the window of the slices does not fit it. */
import type { Voi } from '../viewport';
import { MISSING } from './resample';

/** Of the values that are no air: what is dark, and what is white. */
const DARK = 0.25;
const WHITE = 0.998;
/** Of the white value: below it is air. */
const AIR = 0.1;

/**
 * From a quarter of what is projected, so that what lies behind vessels or fluid is dark, to nearly the brightest, so that
 * these are not one white area. The maxima along many lines are brighter than the slices, whose window would show them so.
 * @param values of the projection; NaN and missing ones are left out
 * @returns null where nothing can be told apart
 */
export function projectionWindow(values: Float32Array): Voi | null {
  const found = values.filter((value) => Number.isFinite(value) && value !== MISSING).toSorted();
  const at = (all: Float32Array, part: number): number => all[Math.min(Math.floor(all.length * part), all.length - 1)] ?? Number.NaN;
  const white = at(found, WHITE);
  const dark = at(found.filter((value) => value > white * AIR), DARK);
  return white > dark ? { center: (dark + white) / 2, width: white - dark, function: 'LINEAR_EXACT' } : null;
}
