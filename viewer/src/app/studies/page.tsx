/** The study list page. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';

import { plural, t } from '../../i18n/locale';
import type { Study } from '../api';
import { AccountMenu } from '../controls/account_menu';
import { FilmsWaiting } from '../controls/films_waiting';
import { Icon, Mark } from '../icons';
import { LanguageSwitch } from '../controls/language_switch';
import { connectionLost } from '../live';
import { useMedia } from '../media';
import { query, replaceQuery } from '../location';
import { StudyDetails } from './details';
import { EmptyArchive } from './empty';
import { type Filter, filterFromQuery, isFiltered, NO_FILTER, queryOfFilter } from './filter';
import { Filters } from './filters';
import { StudyGrid } from './grid';
import { StudyList } from './list';
import { patientName } from './study_text';
import '../../styles/study_list.css';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function StudiesPage(): JSX.Element {
  const filter = useSignal<Filter>(useMemo(() => filterFromQuery(query.peek()), []));
  const list = useMemo(() => new StudyList(filter.peek()), []);
  const searchField = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  /** Where there is no room beside the list, the details come only when they are asked for. */
  const wide = useMedia('(min-width: 1181px)');
  const asked = useSignal(false);

  useEffect(() => {
    list.start();
    return () => list.stop();
  }, [list]);
  useEffect(() => {
    document.title = `${t('studies.title')} · ${t('app.name')}`;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '/') {
        event.preventDefault();
        searchField.current?.focus();
        searchField.current?.select();
      } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && document.activeElement === document.body) {
        event.preventDefault();
        grid.current?.focus();
        list.move(event.key === 'ArrowDown' ? 1 : -1);
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [list]);

  const change = (next: Filter): void => {
    filter.value = next;
    replaceQuery(queryOfFilter(next));
    void list.apply(next);
    if (grid.current) grid.current.scrollTop = 0;
  };
  const enterList = (): void => {
    grid.current?.focus();
    if (!list.chosenStudy.peek()) list.move(1);
  };
  const showDetails = (study: Study): void => {
    list.chosen.value = study.study_instance_uid;
    asked.value = true;
    grid.current?.focus();
  };
  const closeDetails = (): void => {
    if (wide.value) list.chosen.value = '';
    asked.value = false;
    grid.current?.focus();
  };
  return (
    <div class="studies-page">
      <header class="app-header">
        <p class="brand"><Mark />{t('app.name')}</p>
        <span class="app-header-end">
          <FilmsWaiting />
          <LanguageSwitch />
          <AccountMenu />
        </span>
      </header>
      {connectionLost.value && <div class="banner" role="alert"><Icon name="offline" />{t('studies.live_lost')}</div>}
      <main id="content" tabIndex={-1}>
        <div class="list-head">
          <h1>{t('studies.title')}</h1>
          <Count list={list} />
        </div>
        <Filters filter={filter.value} onChange={change} searchField={searchField} onLeave={enterList} />
        <div class="list-body">
          <Body list={list} filter={filter.value} grid={grid} onDetails={showDetails} onClear={() => change(NO_FILTER)} />
        </div>
      </main>
      {(wide.value || (asked.value && list.chosenStudy.value)) && <DetailsPanel list={list} onClose={closeDetails} />}
      <Arrivals list={list} />
    </div>
  );
}

function Count({ list }: { readonly list: StudyList }): JSX.Element {
  return (
    <p class="total number" aria-live="polite" data-total={list.total.value}>
      {list.state.value === 'ready' && (list.totalIsExact.value ? plural('studies.count', list.total.value) : plural('studies.count_over', list.total.value - 1))}
      {list.sort.value !== null && !list.complete.value && ` · ${plural('studies.sorted_part', list.rows.value.length)}`}
    </p>
  );
}

interface BodyProps {
  readonly list: StudyList;
  readonly filter: Filter;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onDetails: (study: Study) => void;
  readonly onClear: () => void;
}

function Body({ list, filter, grid, onDetails, onClear }: BodyProps): JSX.Element {
  if (list.state.value === 'failed' && list.rows.value.length === 0) {
    return (
      <section class="empty" role="alert">
        <span class="mark"><Icon name="warning" /></span>
        <h2>{t('studies.failed')}</h2>
        <button type="button" class="button" onClick={() => void list.reload()}>{t('app.retry')}</button>
      </section>
    );
  }
  if (list.state.value === 'loading' && list.rows.value.length === 0) {
    return <section class="empty"><div class="spinner" role="status" aria-label={t('studies.loading')} /></section>;
  }
  if (list.rows.value.length > 0) return <StudyGrid list={list} grid={grid} onDetails={onDetails} />;
  if (!isFiltered(filter)) return <EmptyArchive />;
  return (
    <section class="empty">
      <span class="mark"><Icon name="search" /></span>
      <h2>{t('studies.none_match')}</h2>
      <p>{t('studies.none_match_hint')}</p>
      <button type="button" class="button" onClick={onClear}>{t('studies.clear_filters')}</button>
    </section>
  );
}

function DetailsPanel({ list, onClose }: { readonly list: StudyList; readonly onClose: () => void }): JSX.Element {
  const study = list.chosenStudy.value;
  return (
    <aside class="details-panel" aria-label={t('details.title')}>
      {study ? <StudyDetails study={study} onClose={onClose} /> : <KeyHints />}
    </aside>
  );
}

function KeyHints(): JSX.Element {
  return (
    <div class="key-hints">
      <p>{t('studies.select_hint')}</p>
      <dl>
        <div><dt><kbd>/</kbd></dt><dd>{t('studies.key.search')}</dd></div>
        <div><dt><kbd>{t('key.up')}</kbd><kbd>{t('key.down')}</kbd></dt><dd>{t('studies.key.move')}</dd></div>
        <div><dt><kbd>{t('key.enter')}</kbd></dt><dd>{t('studies.key.open')}</dd></div>
        <div><dt><kbd>{t('key.escape')}</kbd></dt><dd>{t('studies.key.clear')}</dd></div>
      </dl>
    </div>
  );
}

/** Tells assistive technology, politely, whose study has just arrived. */
function Arrivals({ list }: { readonly list: StudyList }): JSX.Element {
  const text = useSignal('');
  useSignalEffect(() => {
    const study = list.arrived.value;
    text.value = study ? t('studies.arrived', { name: patientName(study) }) : '';
  });
  return <p class="visually-hidden" role="status">{text.value}</p>;
}
