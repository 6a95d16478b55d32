/** Filters that a person has saved under names: kept as their addresses, so that an old one is read like an old link. */
import { type Filter, filterFromQuery, queryOfFilter, sameFilter } from './filter';

export const MOST_SAVED = 30;
export const LONGEST_NAME = 60;

export interface SavedFilter {
  readonly name: string;
  /** As in the address of the list. */
  readonly query: string;
}

export interface SavedFilters {
  readonly filters: readonly SavedFilter[];
}

function addressOf(filter: Filter): string {
  const entries = Object.entries(queryOfFilter(filter)).filter(([, value]) => value !== '');
  return new URLSearchParams(entries).toString();
}

/** What was kept, as far as it is what it should be. */
export function readSaved(kept: unknown): SavedFilters {
  const given: unknown = typeof kept === 'object' && kept !== null && 'filters' in kept ? kept.filters : null;
  if (!Array.isArray(given)) return { filters: [] };
  const filters = given.flatMap((one: unknown): SavedFilter[] => {
    if (typeof one !== 'object' || one === null || !('name' in one) || !('query' in one)) return [];
    const { name, query } = one;
    return typeof name === 'string' && typeof query === 'string' && name.trim() !== '' ? [{ name: name.slice(0, LONGEST_NAME), query }] : [];
  });
  return { filters: filters.slice(0, MOST_SAVED) };
}

export function filterOf(saved: SavedFilter): Filter {
  return filterFromQuery(new URLSearchParams(saved.query));
}

/** The saved filter that is what is shown; null: none. */
export function shownSaved({ filters }: SavedFilters, filter: Filter): SavedFilter | null {
  return filters.find((saved) => sameFilter(filterOf(saved), filter)) ?? null;
}

const sameName = (one: string, other: string): boolean => one.trim().toLocaleLowerCase('vi') === other.trim().toLocaleLowerCase('vi');

export function isTaken({ filters }: SavedFilters, name: string): boolean {
  return filters.some((saved) => sameName(saved.name, name));
}

/** Save a filter under a name, in the place of the one that has it. */
export function withSaved({ filters }: SavedFilters, name: string, filter: Filter): SavedFilters {
  const saved = { name: name.trim().slice(0, LONGEST_NAME), query: addressOf(filter) };
  const at = filters.findIndex((one) => sameName(one.name, name));
  return { filters: at < 0 ? [...filters, saved] : filters.with(at, saved) };
}

export function withoutSaved({ filters }: SavedFilters, saved: SavedFilter): SavedFilters {
  return { filters: filters.filter((one) => one !== saved) };
}

/** Give one another name; what is blank or taken changes nothing. */
export function renamed(all: SavedFilters, saved: SavedFilter, name: string): SavedFilters {
  const others = withoutSaved(all, saved);
  if (name.trim() === '' || isTaken(others, name)) return all;
  return { filters: all.filters.map((one) => (one === saved ? { ...one, name: name.trim().slice(0, LONGEST_NAME) } : one)) };
}
