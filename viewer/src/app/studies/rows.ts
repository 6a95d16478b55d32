/**
 * Rows of the study list: as long as the list is, with holes where nothing has been read yet, so that a list of a hundred
 * thousand studies is scrolled like one of ten. They are put together from pages of the server, in which studies may have
 * moved meanwhile.
 */
import type { Study } from '../api';

/** A study, or null where nothing has been read yet. */
export type Row = Study | null;

function uidsOf(rows: readonly Row[]): Set<string> {
  const found = new Set<string>();
  for (const row of rows) if (row) found.add(row.study_instance_uid);
  return found;
}

/** A list of a length of which this is the beginning. */
export function lengthened(rows: readonly Row[], length: number): readonly Row[] {
  if (rows.length >= length) return rows;
  return [...rows, ...Array.from({ length: length - rows.length }, () => null)];
}

/** Adds what is new of the first page in front and brings the rest up to date, leaving the order the reader sees. */
export function mergeFirstPage(rows: readonly Row[], page: readonly Study[]): readonly Row[] {
  const fresh = new Map(page.map((study) => [study.study_instance_uid, study]));
  const known = uidsOf(rows);
  const added = page.filter((study) => !known.has(study.study_instance_uid));
  return [...added, ...rows.map((row) => (row && fresh.get(row.study_instance_uid)) ?? row)];
}

/**
 * Put what the server said of places into their holes.
 * @param at the first place asked for, a hole
 * @param asked how many places the server was asked for from there
 * @param studies its answer: may begin before `at` and reach beyond, when studies have moved; those known are left out
 * @param ended the answer reaches the end of the list
 */
export function filled(rows: readonly Row[], at: number, asked: number, studies: readonly Study[], ended: boolean): readonly Row[] {
  const known = uidsOf(rows);
  const news = studies.filter((study) => !known.has(study.study_instance_uid));
  const next = rows.slice();
  let place = at;
  for (const study of news) {
    while (place < next.length && next[place] !== null) place += 1;
    if (place >= at + asked && !ended) break;
    next[place] = study;
    place += 1;
  }
  // A place that was asked for and that nobody has is none: the list is that much shorter.
  const end = ended ? next.length : Math.min(next.length, at + asked);
  return next.some((row, index) => row === null && index >= at && index < end)
    ? next.filter((row, index) => row !== null || index < at || index >= end)
    : next;
}

/** The first hole of a stretch of rows; -1 if all of it is there. */
export function firstHole(rows: readonly Row[], from: number, to: number): number {
  for (let at = Math.max(0, from); at < Math.min(rows.length, to); at += 1) if (rows[at] === null) return at;
  return -1;
}
