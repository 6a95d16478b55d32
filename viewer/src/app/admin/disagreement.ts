/** Discrepancies that belong together: the same two studies, the same study, the same series. */
import { formatDate } from '../../i18n/dates';
import { adminEn } from '../../i18n/admin_en';
import type { Discrepancy, DiscrepancyKind } from './api';
import { at } from './texts';

export const KINDS = ['patient', 'study', 'series'] as const satisfies readonly DiscrepancyKind[];

/** Discrepancies about one thing, in the order they were found. */
export interface Disagreement {
  readonly key: string;
  readonly kind: DiscrepancyKind;
  readonly first: Discrepancy;
  readonly all: readonly Discrepancy[];
}

function keyOf({ kind, study, series, other_study: other }: Discrepancy): string {
  const parts = [kind, study.study_instance_uid];
  if (kind === 'patient') parts.push(other?.study_instance_uid ?? '');
  if (kind === 'series') parts.push(series?.series_instance_uid ?? '');
  return parts.join(' ');
}

/** Groups of one kind, each where its first discrepancy stands in the list. */
export function disagreements(rows: readonly Discrepancy[], kind: DiscrepancyKind): readonly Disagreement[] {
  const groups = new Map<string, Discrepancy[]>();
  for (const row of rows) {
    if (row.kind !== kind) continue;
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].flatMap(([key, all]) => (all[0] ? [{ key, kind, first: all[0], all: all.toSorted((one, other) => one.id - other.id) }] : []));
}

type AttributeKey = Extract<keyof typeof adminEn, `attribute.${string}`>;

/** An attribute's name for reading; one without a text of its own is shown as it is called in the standard. */
export function attributeText(attribute: string): string {
  const key = `attribute.${attribute}`;
  if (attribute === '') return at('discrepancy.further');
  return Object.hasOwn(adminEn, key) ? at(key as AttributeKey) : attribute.replaceAll('_', ' ');
}

/** A value as sent, so that two that only differ in their writing look different; dates in the order of the language. */
export function valueText(attribute: string, value: string): string {
  if (value === '') return at('admin.none');
  return attribute.endsWith('_date') ? formatDate(value) : value;
}
