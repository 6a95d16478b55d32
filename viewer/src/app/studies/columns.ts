/** The columns of the list: which there are, which are shown and in which order. */
import type { SortColumn } from './sort';

export const COLUMNS = [
  'patient', 'modality', 'study', 'date', 'images', 'received',
  'patient_id', 'sex_age', 'birth_date', 'accession', 'facility', 'referrer',
] as const;
export type Column = (typeof COLUMNS)[number];

export const USUAL_COLUMNS: readonly Column[] = ['patient', 'modality', 'study', 'date', 'images', 'received'];
/** Where there is little room, unless the person has chosen. */
export const FEW_COLUMNS: readonly Column[] = ['patient', 'modality', 'study', 'date', 'images'];

interface ColumnLook {
  /** A track of `grid-template-columns`. */
  readonly width: string;
  readonly atEnd: boolean;
  readonly sort: SortColumn | 'received' | null;
}

const look = (width: string, { atEnd = false, sort = null }: Partial<ColumnLook> = {}): ColumnLook => ({ width, atEnd, sort });

export const LOOKS: Readonly<Record<Column, ColumnLook>> = {
  patient: look('minmax(190px, 1.5fr)', { sort: 'patient' }),
  modality: look('minmax(64px, 0.4fr)'),
  study: look('minmax(150px, 1.6fr)'),
  date: look('112px', { sort: 'date' }),
  images: look('104px', { atEnd: true, sort: 'images' }),
  received: look('108px', { atEnd: true, sort: 'received' }),
  patient_id: look('minmax(110px, 0.7fr)'),
  sex_age: look('104px'),
  birth_date: look('104px'),
  accession: look('minmax(110px, 0.7fr)'),
  facility: look('minmax(120px, 0.9fr)'),
  referrer: look('minmax(120px, 0.9fr)'),
};

/** What a person has chosen; empty: nothing, so that they have what everybody has. */
export interface ColumnChoice {
  readonly columns: readonly Column[];
}

/** A choice as it was kept; the patient is always among the columns, first if it was left out. */
export function readColumns(kept: unknown): ColumnChoice {
  const given: unknown = typeof kept === 'object' && kept !== null && 'columns' in kept ? kept.columns : null;
  if (!Array.isArray(given)) return { columns: [] };
  const columns = COLUMNS.filter((column) => given.includes(column)).toSorted((one, other) => given.indexOf(one) - given.indexOf(other));
  if (columns.length === 0) return { columns: [] };
  return { columns: columns.includes('patient') ? columns : ['patient', ...columns] };
}

export function columnsOf({ columns }: ColumnChoice, room: 'wide' | 'narrow' | 'cards'): readonly Column[] {
  if (room === 'cards') return USUAL_COLUMNS;
  return columns.length > 0 ? columns : room === 'wide' ? USUAL_COLUMNS : FEW_COLUMNS;
}

/** Move a column one place; at an end it stays. */
export function moved(columns: readonly Column[], column: Column, step: -1 | 1): readonly Column[] {
  const at = columns.indexOf(column);
  const to = at + step;
  if (at < 0 || to < 0 || to >= columns.length) return columns;
  const others = columns.filter((one) => one !== column);
  return [...others.slice(0, to), column, ...others.slice(to)];
}
