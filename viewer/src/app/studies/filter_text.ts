/** A filter in a few words. */
import { formatDate } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import '../../i18n/pages';
import type { Filter, ModalityChip } from './filter';
import { st } from './texts';

/** Modality codes are the same in every language; two groups have no code of their own. */
export function chipText(chip: ModalityChip): string {
  return chip === 'XR' || chip === 'ES' ? t(`chip.${chip}`) : chip;
}

export function filterText(filter: Filter): string {
  const days = filter.range === 'all' ? '' : filter.range === 'between' ? daysText(filter) : t(`studies.date.${filter.range}`);
  const words = [
    filter.text.trim(), ...filter.chips.map(chipText), days, filter.state === '' ? '' : stateText(filter.state), ...filter.facilities,
  ];
  return words.filter(Boolean).join(' · ') || st('saved.everything');
}

export function stateText(state: Filter['state']): string {
  return st(state === '' ? 'filters.state.any' : `filters.state.${state}`);
}

export function daysText({ from, to }: Filter): string {
  if (to === '') return st('filters.since', { from: formatDate(from) });
  if (from === '') return st('filters.until', { to: formatDate(to) });
  return st('filters.between', { from: formatDate(from), to: formatDate(to) });
}
