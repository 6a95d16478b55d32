/** Rows of the study list, put together from pages of the server that may have moved meanwhile. */
import type { Study } from '../api';

/** Adds what is new of the first page in front and brings the rest up to date, leaving the order the reader sees. */
export function mergeFirstPage(rows: readonly Study[], page: readonly Study[]): readonly Study[] {
  const fresh = new Map(page.map((study) => [study.study_instance_uid, study]));
  const known = new Set(rows.map((study) => study.study_instance_uid));
  const added = page.filter((study) => !known.has(study.study_instance_uid));
  return [...added, ...rows.map((study) => fresh.get(study.study_instance_uid) ?? study)];
}

/** The next page behind what is loaded; a study that moved meanwhile is not shown twice. */
export function appendPage(rows: readonly Study[], page: readonly Study[]): readonly Study[] {
  const known = new Set(rows.map((study) => study.study_instance_uid));
  return [...rows, ...page.filter((study) => !known.has(study.study_instance_uid))];
}
