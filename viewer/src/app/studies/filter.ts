/** What the list is filtered by, kept in the address so that going back finds the same list. */
import { parseDate, storedDate } from '../../i18n/dates';
import type { StudyQuestion, StudyState } from '../api';

export const DATE_RANGES = ['today', 'yesterday', '3_days', 'week', 'month', 'all'] as const;
/** `between`: two days of one's own. */
export type DateRange = (typeof DATE_RANGES)[number] | 'between';

/** The chips: one may stand for several modalities of the standard (PS3.3 C.7.3.1.1.1). */
export const MODALITY_CHIPS = ['CT', 'MR', 'XR', 'US', 'MG', 'XA', 'NM', 'ES'] as const;
export type ModalityChip = (typeof MODALITY_CHIPS)[number];

export const STATES = ['', 'unopened', 'opened', 'arriving'] as const satisfies readonly StudyState[];

const MODALITIES: Readonly<Record<ModalityChip, readonly string[]>> = {
  CT: ['CT'], MR: ['MR'], XR: ['CR', 'DX'], US: ['US'], MG: ['MG'], XA: ['XA', 'RF'], NM: ['NM', 'PT'], ES: ['ES', 'XC', 'GM', 'OP'],
};

/** Days before today on which a range begins and ends; null: it is open there, as studies may be dated tomorrow. */
const DAYS_BACK: Readonly<Record<Exclude<DateRange, 'all' | 'between'>, readonly [number, number | null]>> = {
  today: [0, null], yesterday: [1, 1], '3_days': [2, null], week: [6, null], month: [29, null],
};

export interface Filter {
  readonly text: string;
  readonly chips: readonly ModalityChip[];
  readonly range: DateRange;
  /** The first and the last day of `between`, `YYYYMMDD`; empty: open. */
  readonly from: string;
  readonly to: string;
  /** Codes; none: every facility. */
  readonly facilities: readonly string[];
  readonly state: StudyState;
}

export const NO_FILTER: Filter = { text: '', chips: [], range: 'all', from: '', to: '', facilities: [], state: '' };

export function isFiltered(filter: Filter): boolean {
  return filter.text.trim() !== '' || filter.chips.length > 0 || filter.range !== 'all' || filter.facilities.length > 0 || filter.state !== '';
}

/** How many of the filters are set that do not stand beside the search box. */
export function furtherFilters(filter: Filter): number {
  return Number(filter.range === 'between') + Number(filter.facilities.length > 0) + Number(filter.state !== '');
}

export function sameFilter(one: Filter, other: Filter): boolean {
  return JSON.stringify(queryOfFilter(one)) === JSON.stringify(queryOfFilter(other));
}

function daysOf({ range, from, to }: Filter, today: Date): readonly [string, string] {
  if (range === 'all') return ['', ''];
  if (range === 'between') return [from, to];
  const day = (back: number): string => storedDate(new Date(today.getFullYear(), today.getMonth(), today.getDate() - back));
  const [first, last] = DAYS_BACK[range];
  return [day(first), last === null ? '' : day(last)];
}

/** The question to the server on a given day. */
export function questionOf(filter: Filter, today: Date): StudyQuestion {
  const modalities = filter.chips.flatMap((chip) => MODALITIES[chip]);
  const [dateFrom, dateTo] = daysOf(filter, today);
  return { text: filter.text, modalities, dateFrom, dateTo, facilities: filter.facilities, state: filter.state };
}

const FACILITY_CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function filterFromQuery(query: URLSearchParams): Filter {
  const chips = (query.get('modality') ?? '').split(',');
  const [range, state] = [query.get('date') ?? 'all', query.get('state')];
  const [first, last, ...others] = range.split('-');
  const day = (text: string | undefined): string => (text !== undefined && parseDate(text) ? text : '');
  const [from, to] = others.length === 0 && last !== undefined ? [day(first), day(last)] : ['', ''];
  const between = from !== '' || to !== '';
  return {
    text: query.get('q') ?? '',
    chips: MODALITY_CHIPS.filter((chip) => chips.includes(chip)),
    range: between ? 'between' : DATE_RANGES.find((known) => known === range) ?? 'all',
    from, to,
    facilities: (query.get('facility') ?? '').split(',').filter((code) => FACILITY_CODE.test(code)),
    state: STATES.find((known) => known === state) ?? '',
  };
}

export function queryOfFilter(filter: Filter): Readonly<Record<string, string>> {
  const { range, from, to } = filter;
  return {
    q: filter.text, modality: filter.chips.join(','),
    date: range === 'all' ? '' : range === 'between' ? (from || to ? `${from}-${to}` : '') : range,
    facility: filter.facilities.join(','), state: filter.state,
  };
}
