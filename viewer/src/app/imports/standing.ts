/** How an import stands, as a person would say it. */
import type { ImportState, ServerImport } from './api';

export type Standing = ImportState | 'interrupted' | 'incomplete';

/** One whose process has died says so; one that ended with something missing is not called complete. */
export function standingOf(one: Pick<ServerImport, 'state' | 'is_active' | 'refused' | 'incomplete' | 'studies_compared' | 'studies_complete'>): Standing {
  const works = one.state === 'running' || one.state === 'comparing' || one.state === 'following';
  if (works) return one.is_active ? one.state : 'interrupted';
  const missing = one.refused > 0 || one.incomplete > 0 || one.studies_complete < one.studies_compared;
  return one.state === 'complete' && missing ? 'incomplete' : one.state;
}
