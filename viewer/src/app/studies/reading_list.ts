/**
 * The list that a study was opened from, so that the viewer can go on to the next one: UIDs alone, in this tab, gone with
 * it. What has moved in the list meanwhile is not followed: the order is the one that the reader saw.
 */
import type { Row } from './rows';

const STORED_UNDER = 'filmless.reading_list';
/** So many studies on either side. */
const REACH = 200;

export interface ReadingList {
  readonly uids: readonly string[];
  /** The query of the list's address, to go back to the same list. */
  readonly query: string;
}

const EMPTY: ReadingList = { uids: [], query: '' };

/** The studies around one, as far as they are loaded without a gap. */
export function around(rows: readonly Row[], uid: string): readonly string[] {
  const at = rows.findIndex((row) => row?.study_instance_uid === uid);
  if (at < 0) return [uid];
  let [from, to] = [at, at + 1];
  while (from > 0 && at - from < REACH && rows[from - 1]) from -= 1;
  while (to < rows.length && to - at <= REACH && rows[to]) to += 1;
  return rows.slice(from, to).flatMap((row) => (row ? [row.study_instance_uid] : []));
}

export function rememberList(rows: readonly Row[], uid: string, query: string): void {
  try {
    sessionStorage.setItem(STORED_UNDER, JSON.stringify({ uids: around(rows, uid), query } satisfies ReadingList));
  } catch {
    // storage is switched off: the viewer has no next study
  }
}

export function readingList(): ReadingList {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(STORED_UNDER) ?? 'null');
    if (typeof kept !== 'object' || kept === null || !('uids' in kept) || !('query' in kept)) return EMPTY;
    const { uids, query } = kept;
    const known = Array.isArray(uids) ? uids.filter((uid): uid is string => typeof uid === 'string') : [];
    return { uids: known, query: typeof query === 'string' && query.startsWith('?') ? query : '' };
  } catch {
    return EMPTY;
  }
}

/** Where a study stands in a list, and which come before and after it. */
export interface Neighbours {
  /** Counted from 1; 0: it is not in the list. */
  readonly position: number;
  readonly count: number;
  readonly previous: string | null;
  readonly next: string | null;
}

export function neighboursOf({ uids }: ReadingList, uid: string): Neighbours {
  const at = uids.indexOf(uid);
  if (at < 0) return { position: 0, count: uids.length, previous: null, next: null };
  return { position: at + 1, count: uids.length, previous: uids[at - 1] ?? null, next: uids[at + 1] ?? null };
}
