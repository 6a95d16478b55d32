/** How a quarantined file and what differs in it are put into words. */
import { formatMoment } from '../../i18n/dates';
import type { Difference, QuarantineEntry } from './api';
import { at } from './texts';

const SOURCES = ['dimse', 'stow', 'import', 'recovery'] as const;

/** The AE title or the way a file came, with its address. */
export function sourceText({ source }: QuarantineEntry): string {
  const way = SOURCES.find((known) => known === source.kind);
  return [source.ae_title || (way === undefined ? source.kind : at(`quarantine.source.${way}`)), source.address].filter(Boolean).join(' · ');
}

/** `00081115/1/0020000E` → `(0008,1115) › 1 › (0020,000E)`: tags as the standard writes them (PS3.5 §7.1). */
export function tagPath(path: string): string {
  return path.split('/').map((step) => (/^[0-9A-Fa-f]{8}$/.test(step) ? `(${step.slice(0, 4)},${step.slice(4)})` : step)).join(' › ');
}

/** `PatientBirthDate` → `Patient Birth Date`; what has no keyword is a manufacturer's own. */
export function keywordText({ keyword }: Difference): string {
  if (keyword === '') return at('quarantine.private');
  return keyword.replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
}

/** How an entry that is no longer open ended; empty while it is open. */
export function settledText(entry: QuarantineEntry): string {
  const moment = entry.resolved_at === null ? '' : formatMoment(entry.resolved_at);
  if (entry.state === 'stored') return at('quarantine.settled.stored', { moment });
  if (entry.state === 'discarded') return at('quarantine.settled.discarded', { by: entry.resolved_by, moment, note: entry.note });
  return '';
}
