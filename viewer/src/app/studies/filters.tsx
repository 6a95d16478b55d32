/** The search box, the modality chips and the date ranges. */
import type { JSX, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import '../../i18n/pages';
import { Icon } from '../icons';
import { DATE_RANGES, type Filter, furtherFilters, MODALITY_CHIPS, type ModalityChip } from './filter';
import { chipText } from './filter_text';
import { st } from './texts';

const TYPING_PAUSE_MS = 120;

interface FiltersProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
  readonly searchField: RefObject<HTMLInputElement | null>;
  /** Arrow down or Enter in the search box: on to the list. */
  readonly onLeave: () => void;
  readonly onMore: () => void;
}

export function Filters({ filter, onChange, searchField, onLeave, onMore }: FiltersProps): JSX.Element {
  const toggle = (chip: ModalityChip): void => {
    const chips = filter.chips.includes(chip) ? filter.chips.filter((other) => other !== chip) : [...filter.chips, chip];
    onChange({ ...filter, chips });
  };
  return (
    <search class="filters" aria-label={t('studies.filters')}>
      <SearchBox text={filter.text} field={searchField} onLeave={onLeave} onChange={(text) => onChange({ ...filter, text })} />
      <div class="chips" role="group" aria-label={t('studies.modality')}>
        {MODALITY_CHIPS.map((chip) => (
          <button
            key={chip} type="button" class="chip" aria-pressed={filter.chips.includes(chip)} title={t(`modality.${chip}`)}
            onClick={() => toggle(chip)}
          >
            {chipText(chip)}
          </button>
        ))}
      </div>
      <div class="segments" role="group" aria-label={t('studies.date')}>
        {DATE_RANGES.map((range) => (
          <button key={range} type="button" aria-pressed={filter.range === range} onClick={() => onChange({ ...filter, range, from: '', to: '' })}>
            {t(`studies.date.${range}`)}
          </button>
        ))}
      </div>
      <button type="button" class="button list-tool" aria-haspopup="dialog" aria-keyshortcuts="f" onClick={onMore}>
        <Icon name="filter" />
        {st('filters.more')}
        {furtherFilters(filter) > 0 && <span class="tally number">{furtherFilters(filter)}</span>}
      </button>
    </search>
  );
}

interface SearchBoxProps {
  readonly text: string;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onChange: (text: string) => void;
  readonly onLeave: () => void;
}

function SearchBox({ text, field, onChange, onLeave }: SearchBoxProps): JSX.Element {
  const [typed, setTyped] = useState(text);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Our own words come back as `text` a moment later: by then more may have been typed, which must not be lost.
  const told = useRef(text);
  useEffect(() => {
    if (text === told.current) return;
    told.current = text;
    setTyped(text);
  }, [text]);
  useEffect(() => () => clearTimeout(pause.current), []);

  const change = (next: string, afterMs: number): void => {
    setTyped(next);
    clearTimeout(pause.current);
    pause.current = setTimeout(() => {
      told.current = next;
      onChange(next);
    }, afterMs);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || (event.key === 'Enter' && !event.isComposing)) {
      event.preventDefault();
      onLeave();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      if (typed === '') field.current?.blur();
      else change('', 0);
    }
  };
  return (
    <div class="search-box">
      <Icon name="search" />
      <input
        ref={field} class="field" type="text" inputMode="search" enterkeyhint="search" autocomplete="off" spellcheck={false}
        aria-label={t('studies.search')} placeholder={t('studies.search_placeholder')} aria-keyshortcuts="/" value={typed}
        onInput={(event) => change(event.currentTarget.value, TYPING_PAUSE_MS)} onKeyDown={onKeyDown}
      />
      {typed === ''
        ? <kbd aria-hidden="true">/</kbd>
        : (
          <button
            type="button" class="icon-button" aria-label={t('studies.clear_search')} title={t('studies.clear_search')}
            onClick={() => { change('', 0); field.current?.focus(); }}
          >
            <Icon name="close" />
          </button>
        )}
    </div>
  );
}
