/** The filters that do not stand beside the search box: days of one's own, facilities, state; and those that are set. */
import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { type Facility, listFacilities } from '../api';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { type Filter, STATES } from './filter';
import { daysText, stateText } from './filter_text';
import { matchesWords } from './search_words';
import { st } from './texts';

/** With more of them, they can be searched. */
const FACILITIES_AT_A_GLANCE = 8;

export type Facilities = readonly Facility[] | 'loading' | 'failed';

export function useFacilities(): Facilities {
  const [found, setFound] = useState<Facilities>('loading');
  useEffect(() => {
    const abort = new AbortController();
    listFacilities(abort.signal).then(setFound, (reason: unknown) => {
      if (!abort.signal.aborted && !noticeSignedOut(reason)) setFound('failed');
    });
    return () => abort.abort();
  }, []);
  return found;
}

interface FurtherProps {
  readonly filter: Filter;
  readonly facilities: Facilities;
  readonly onChange: (filter: Filter) => void;
}

export function FilterDialog({ filter, facilities, onChange, onClose }: FurtherProps & { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog label={st('filters.title')} class="list-dialog" onClose={onClose}>
      <header>
        <h2>{st('filters.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
      </header>
      <DayFields filter={filter} onChange={onChange} />
      <fieldset>
        <legend>{st('filters.state')}</legend>
        <div class="choices">
          {STATES.map((state) => (
            <label key={state}>
              <input type="radio" name="state" checked={filter.state === state} onChange={() => onChange({ ...filter, state })} />
              {stateText(state)}
            </label>
          ))}
        </div>
      </fieldset>
      <FacilityFields filter={filter} facilities={facilities} onChange={onChange} />
      <div class="dialog-acts">
        <button type="button" class="button primary" onClick={onClose}>{st('filters.done')}</button>
      </div>
    </Dialog>
  );
}

/** `YYYYMMDD` and the value of a date field, both ways. */
const dashed = (stored: string): string => stored.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');

function DayFields({ filter, onChange }: Omit<FurtherProps, 'facilities'>): JSX.Element {
  const id = useId();
  const change = (days: { readonly from?: string; readonly to?: string }): void => {
    const next = { from: filter.from, to: filter.to, ...days };
    onChange({ ...filter, ...next, range: next.from === '' && next.to === '' ? 'all' : 'between' });
  };
  return (
    <fieldset>
      <legend>{st('filters.days')}</legend>
      <div class="days">
        {(['from', 'to'] as const).map((end) => (
          <div key={end}>
            <label for={`${id}-${end}`}>{st(`filters.${end}`)}</label>
            <input
              id={`${id}-${end}`} class="field" type="date" value={dashed(filter[end])} data-day={end}
              onChange={(event) => change({ [end]: event.currentTarget.value.replaceAll('-', '') })}
            />
          </div>
        ))}
      </div>
    </fieldset>
  );
}

function FacilityFields({ filter, facilities, onChange }: FurtherProps): JSX.Element | null {
  const [text, setText] = useState('');
  if (facilities === 'loading') return null;
  if (facilities === 'failed') return <p class="quiet" role="alert">{st('filters.facilities_failed')}</p>;
  const toggle = (code: string): void => {
    const chosen = filter.facilities.includes(code) ? filter.facilities.filter((one) => one !== code) : [...filter.facilities, code];
    onChange({ ...filter, facilities: chosen });
  };
  const shown = facilities.filter(({ code, name }) => filter.facilities.includes(code) || matchesWords(`${code} ${name}`, text));
  return (
    <fieldset>
      <legend>{st('filters.facility')}</legend>
      {facilities.length > FACILITIES_AT_A_GLANCE && (
        <input
          class="field" type="text" autocomplete="off" aria-label={st('filters.facility_find')} placeholder={st('filters.facility_find')}
          value={text} onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <div class="choices scrolled">
        <label>
          <input type="checkbox" checked={filter.facilities.length === 0} onChange={() => onChange({ ...filter, facilities: [] })} />
          {st('filters.facility_all')}
        </label>
        {shown.map(({ code, name }) => (
          <label key={code}>
            <input type="checkbox" checked={filter.facilities.includes(code)} onChange={() => toggle(code)} />
            {name || code}
            {name !== '' && <span class="quiet number">{code}</span>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What is set and would not be seen otherwise, each to be taken away. */
export function ActiveFilters({ filter, facilities, onChange }: FurtherProps): JSX.Element | null {
  const names = new Map(typeof facilities === 'string' ? [] : facilities.map(({ code, name }) => [code, name || code]));
  const active: { readonly text: string; readonly without: Filter }[] = [];
  if (filter.range === 'between') active.push({ text: daysText(filter), without: { ...filter, range: 'all', from: '', to: '' } });
  if (filter.state !== '') active.push({ text: stateText(filter.state), without: { ...filter, state: '' } });
  for (const code of filter.facilities) {
    active.push({ text: names.get(code) ?? code, without: { ...filter, facilities: filter.facilities.filter((one) => one !== code) } });
  }
  if (active.length === 0) return null;
  return (
    <ul class="active-filters" aria-label={st('filters.active')}>
      {active.map(({ text, without }) => (
        <li key={text}>
          <button type="button" class="chip" aria-label={st('filters.remove', { name: text })} onClick={() => onChange(without)}>
            {text}
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
