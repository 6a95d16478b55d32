/** What the list is filtered by, kept in the address so that going back finds the same list. */
import { storedDate } from '../../i18n/dates';
import type { StudyQuestion } from '../api';

export const DATE_RANGES = ['today', '3_days', 'week', 'month', 'all'] as const;
export type DateRange = (typeof DATE_RANGES)[number];

/** The chips: one may stand for several modalities of the standard (PS3.3 C.7.3.1.1.1). */
export const MODALITY_CHIPS = ['CT', 'MR', 'XR', 'US', 'MG', 'XA', 'NM', 'ES'] as const;
export type ModalityChip = (typeof MODALITY_CHIPS)[number];

const MODALITIES: Readonly<Record<ModalityChip, readonly string[]>> = {
  CT: ['CT'], MR: ['MR'], XR: ['CR', 'DX'], US: ['US'], MG: ['MG'], XA: ['XA', 'RF'], NM: ['NM', 'PT'], ES: ['ES', 'XC', 'GM', 'OP'],
};

const DAYS_BACK: Readonly<Record<Exclude<DateRange, 'all'>, number>> = { today: 0, '3_days': 2, week: 6, month: 29 };

export interface Filter {
  readonly text: string;
  readonly chips: readonly ModalityChip[];
  readonly range: DateRange;
}

export const NO_FILTER: Filter = { text: '', chips: [], range: 'all' };

export function isFiltered(filter: Filter): boolean {
  return filter.text.trim() !== '' || filter.chips.length > 0 || filter.range !== 'all';
}

/** The question to the server on a given day. */
export function questionOf(filter: Filter, today: Date): StudyQuestion {
  const modalities = filter.chips.flatMap((chip) => MODALITIES[chip]);
  if (filter.range === 'all') return { text: filter.text, modalities, dateFrom: '', dateTo: '' };
  const from = new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS_BACK[filter.range]);
  return { text: filter.text, modalities, dateFrom: storedDate(from), dateTo: '' };
}

export function filterFromQuery(query: URLSearchParams): Filter {
  const chips = (query.get('modality') ?? '').split(',');
  const range = query.get('date');
  return {
    text: query.get('q') ?? '',
    chips: MODALITY_CHIPS.filter((chip) => chips.includes(chip)),
    range: DATE_RANGES.find((known) => known === range) ?? 'all',
  };
}

export function queryOfFilter(filter: Filter): Readonly<Record<string, string>> {
  return { q: filter.text, modality: filter.chips.join(','), date: filter.range === 'all' ? '' : filter.range };
}
