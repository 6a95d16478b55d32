/** The words and numbers beside a drawing; symbols and units only, so that they need no translation. */
import { type Affine, apply } from '../core/affine';
import type { Point } from '../core/geometry';
import { boxAround } from '../core/measure';
import type { Measurement } from '../core/measurement';

/** Marks a length measured at the detector, so larger than in the patient (PS3.3 10.7.1.3). */
export const AT_DETECTOR = '◫';
/** Marks a length that rests on a calibration by hand. */
export const BY_HAND = '✎';
/** Stands where nothing can be measured; the list of measurements says why. */
const NO_VALUE = '—';

export const LINE_HEIGHT = 16;
const CHARACTER_WIDTH = 7.2;
const GAP = 8;

/** Writes a number with that many digits after the decimal sign, in the reader's way. */
export type NumberFormat = (value: number, digits: number) => string;

/** Numbers as the page's language writes them. */
export function written(value: number, digits: number): string {
  const language = document.documentElement.lang || 'en';
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits, useGrouping: false }).format(value);
}

function length(value: number, { calibrated, calibration }: Measurement, format: NumberFormat, power: '' | '²' = ''): string {
  const mark = calibration === 'detector' ? ` ${AT_DETECTOR}` : calibration === 'manual' ? ` ${BY_HAND}` : '';
  return `${format(value, 1)} ${calibrated ? 'mm' : 'px'}${power}${mark}`;
}

function withUnit(text: string, unit: string): string {
  return unit === '' ? text : `${text} ${unit === 'BQML' ? 'Bq/ml' : unit}`;
}

/** SUV are small: their first digits after the point count. */
function digitsOf(unit: string): number {
  return unit === 'SUVbw' ? 2 : 1;
}

function regionLines(one: Extract<Measurement, { kind: 'ellipse' | 'rectangle' | 'freehand' }>, format: NumberFormat): string[] {
  const { mean, standardDeviation, minimum, maximum, unit, area } = one;
  const lines = [area === undefined ? NO_VALUE : length(area, one, format, '²')];
  const digits = digitsOf(unit);
  if (mean === undefined || standardDeviation === undefined || minimum === undefined || maximum === undefined) return lines;
  const range = `${format(minimum, digits === 2 ? 2 : 0)} … ${format(maximum, digits === 2 ? 2 : 0)}`;
  return [withUnit(`x̄ ${format(mean, digits)} ± ${format(standardDeviation, digits)}`, unit), ...lines, withUnit(range, unit)];
}

/** The lines of text of a measurement. */
export function labelLines(one: Measurement, format: NumberFormat): readonly string[] {
  switch (one.kind) {
    case 'length': return [one.length === undefined ? NO_VALUE : length(one.length, one, format)];
    case 'angle':
    case 'cobb': return one.angle === undefined ? (one.refused ? [NO_VALUE] : []) : [`${format(one.angle, 1)}°`];
    case 'bidirectional':
      if (one.length === undefined || one.shortAxis === undefined) return one.refused ? [NO_VALUE] : [];
      return [`${format(one.length, 1)} × ${length(one.shortAxis, one, format)}`];
    case 'ellipse':
    case 'rectangle':
    case 'freehand': return regionLines(one, format);
    case 'probe': return [one.value === undefined ? NO_VALUE : withUnit(format(one.value, digitsOf(one.unit)), one.unit)];
    case 'arrow':
    case 'text': return one.text === undefined || one.text === '' ? [] : one.text.split('\n');
  }
}

/** Where the label of a drawing begins, in CSS pixels of the cell: the left end of its first line. */
export function labelAt(one: Measurement, placement: Affine): Point {
  const seen = one.points.map((point) => apply(placement, point));
  if (one.kind === 'arrow' || one.kind === 'text') {
    const [x, y] = seen.at(-1) ?? [0, 0];
    return [x + GAP, y + 4];
  }
  const [, , right, bottom] = boxAround(seen);
  return [right + GAP, bottom + 4];
}

export function labelSize(lines: readonly string[]): { readonly width: number; readonly height: number } {
  return { width: Math.max(...lines.map(({ length: characters }) => characters), 0) * CHARACTER_WIDTH, height: lines.length * LINE_HEIGHT };
}

/** True when a point of the cell lies on the label. */
export function isInLabel([x, y]: Point, one: Measurement, placement: Affine): boolean {
  const { width, height } = labelSize(labelLines(one, written));
  const [left, base] = labelAt(one, placement);
  return x >= left && x <= left + width && y >= base - 13 && y <= base - 13 + height;
}
