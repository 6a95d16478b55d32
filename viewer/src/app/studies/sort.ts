/** The order of the list: as received, newest first, unless a column is chosen. */
import { personName } from '../../i18n/person_name';
import type { OrderOfStudies, Study } from '../api';
import type { Row } from './rows';

export const SORT_COLUMNS = ['patient', 'date', 'images'] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

export interface Sort {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** People look for names from A, but for the newest study and the largest one first. */
const FIRST_DESCENDING: Readonly<Record<SortColumn, boolean>> = { patient: false, date: true, images: true };

/** Names by the Vietnamese alphabet, in which Đ comes after D. */
const names = new Intl.Collator('vi', { sensitivity: 'accent', numeric: true });

const COMPARE: Readonly<Record<SortColumn, (one: Study, other: Study) => number>> = {
  patient: (one, other) => names.compare(personName(one.patient_name), personName(other.patient_name)),
  date: (one, other) => compareText(one.study_date + one.study_time, other.study_date + other.study_time),
  images: (one, other) => one.number_of_instances - other.number_of_instances,
};

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The order after a press on a column: its first direction, then the other, then as received again. */
export function nextSort(sort: Sort | null, column: SortColumn): Sort | null {
  const first = FIRST_DESCENDING[column];
  if (sort?.column !== column) return { column, descending: first };
  return sort.descending === first ? { column, descending: !first } : null;
}

/** The order for the server, of which it sorts any number of studies (names without accents); null: one it does not know. */
export function ordered(sort: Sort): OrderOfStudies | null {
  return sort.column === 'images' ? null : { order: sort.column, descending: sort.descending };
}

/** The loaded rows in an order; what is not loaded comes behind. */
export function sorted(rows: readonly Row[], sort: Sort | null): readonly Row[] {
  if (!sort) return rows;
  const direction = sort.descending ? -1 : 1;
  const loaded = rows.filter((row): row is Study => row !== null);
  return loaded.toSorted((one, other) => direction * COMPARE[sort.column](one, other));
}
