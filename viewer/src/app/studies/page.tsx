/** The study list page. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';

import { plural, t } from '../../i18n/locale';
import '../../i18n/pages';
import { viewerAddress } from '../address';
import type { Study } from '../api';
import { AccountMenu } from '../controls/account_menu';
import { FilmsWaiting } from '../controls/films_waiting';
import { Icon, Mark } from '../icons';
import { LanguageSwitch } from '../controls/language_switch';
import { connectionLost } from '../live';
import { useMedia } from '../media';
import { goTo, query, replaceQuery } from '../location';
import { preference } from '../preference';
import { ColumnDialog } from './column_dialog';
import { readColumns } from './columns';
import { StudyDetails } from './details';
import { EmptyArchive } from './empty';
import { type Filter, filterFromQuery, isFiltered, NO_FILTER, queryOfFilter } from './filter';
import { Filters } from './filters';
import { ActiveFilters, FilterDialog, useFacilities } from './further_filters';
import { StudyGrid } from './grid';
import { ListHelp } from './help';
import { StudyList } from './list';
import { useListKeys } from './list_keys';
import { rememberList } from './reading_list';
import { readSaved } from './saved_filter';
import { SavedMenu } from './saved_menu';
import { patientName } from './study_text';
import { splural, st } from './texts';
import '../../styles/study_list.css';
import '../../styles/study_tools.css';

/** A history that takes longer is not waited for by the keyboard. */
const FOCUS_WITHIN_MS = 3000;

type Asked = 'filters' | 'columns' | 'help' | null;

export function StudiesPage(): JSX.Element {
  const filter = useSignal<Filter>(useMemo(() => filterFromQuery(query.peek()), []));
  const list = useMemo(() => new StudyList(filter.peek()), []);
  const saved = useMemo(() => preference('study_filters', readSaved), []);
  const columns = useMemo(() => preference('study_columns', readColumns, { local: true }), []);
  const facilities = useFacilities();
  const searchField = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const history = useRef<HTMLElement>(null);
  /** Where there is no room beside the list, the details come only when they are asked for. */
  const wide = useMedia('(min-width: 1181px)');
  const asked = useSignal(false);
  const dialog = useSignal<Asked>(null);

  useEffect(() => {
    list.start();
    void saved.load();
    void columns.load();
    return () => list.stop();
  }, [list]);
  useEffect(() => {
    document.title = `${t('studies.title')} · ${t('app.name')}`;
  });
  const change = (next: Filter): void => {
    filter.value = next;
    replaceQuery(queryOfFilter(next));
    void list.apply(next);
    if (grid.current) grid.current.scrollTop = 0;
  };
  useListKeys({ list, grid, searchField, ask: (what) => { dialog.value = what; }, range: (range) => change({ ...filter.peek(), range, from: '', to: '' }) });
  // However the chosen study is opened, with a prior beside it or at one of its series, the viewer can go on to the next.
  useSignalEffect(() => {
    const uid = list.chosen.value;
    if (uid !== '') rememberList(list.shown.peek(), uid, globalThis.location.search);
  });
  const open = (study: Study): void => {
    rememberList(list.shown.peek(), study.study_instance_uid, globalThis.location.search);
    goTo(viewerAddress([study.study_instance_uid]));
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
  const enterHistory = (): void => {
    asked.value = true;
    void focusFirst(history);
  };
  return (
    <div class="studies-page">
      <PageHeader onHelp={() => { dialog.value = 'help'; }} />
      {connectionLost.value && <div class="banner" role="alert"><Icon name="offline" />{t('studies.live_lost')}</div>}
      <main id="content" tabIndex={-1}>
        <div class="list-head">
          <h1>{t('studies.title')}</h1>
          <Count list={list} />
          <Waiting list={list} />
          <span class="list-tools">
            <SavedMenu saved={saved} filter={filter.value} onChange={change} />
            <button
              type="button" class="button list-tool columns" aria-haspopup="dialog" aria-keyshortcuts="c"
              onClick={() => { dialog.value = 'columns'; }}
            >
              <Icon name="columns" />
              {st('columns.title')}
            </button>
          </span>
        </div>
        <div class="list-filters">
          <Filters filter={filter.value} onChange={change} searchField={searchField} onLeave={enterList} onMore={() => { dialog.value = 'filters'; }} />
          <ActiveFilters filter={filter.value} facilities={facilities} onChange={change} />
        </div>
        <div class="list-body">
          <Body list={list} filter={filter.value} onClear={() => change(NO_FILTER)}>
            <StudyGrid list={list} grid={grid} choice={columns.value.value} onOpen={open} onDetails={showDetails} onHistory={enterHistory} />
          </Body>
        </div>
      </main>
      {(wide.value || (asked.value && list.chosenStudy.value)) && (
        <DetailsPanel study={list.chosenStudy.value} history={history} onOpen={open} onClose={closeDetails} onLeaveHistory={() => grid.current?.focus()} />
      )}
      <Arrivals list={list} />
      {dialog.value === 'filters' && <FilterDialog filter={filter.value} facilities={facilities} onChange={change} onClose={() => { dialog.value = null; }} />}
      {dialog.value === 'columns' && <ColumnDialog choice={columns} onClose={() => { dialog.value = null; }} />}
      {dialog.value === 'help' && <ListHelp onClose={() => { dialog.value = null; }} />}
    </div>
  );
}

/** The first link of the history, as soon as it is there. */
async function focusFirst(panel: RefObject<HTMLElement | null>): Promise<void> {
  const until = Date.now() + FOCUS_WITHIN_MS;
  while (Date.now() < until) {
    const first = panel.current?.querySelector<HTMLElement>('a');
    if (first) {
      first.focus();
      return;
    }
    if (panel.current?.getAttribute('aria-busy') === 'false') return;
    await new Promise((resolve) => { requestAnimationFrame(resolve); });
  }
}

function PageHeader({ onHelp }: { readonly onHelp: () => void }): JSX.Element {
  return (
    <header class="app-header">
      <p class="brand"><Mark />{t('app.name')}</p>
      <span class="app-header-end">
        <FilmsWaiting />
        <button type="button" class="icon-button list-help-button" aria-label={st('help.open')} title={st('help.open')} aria-keyshortcuts="?" onClick={onHelp}>
          <Icon name="keyboard" />
        </button>
        <LanguageSwitch />
        <AccountMenu />
      </span>
    </header>
  );
}

/** New studies that have no place yet in the order that was chosen. */
function Waiting({ list }: { readonly list: StudyList }): JSX.Element | null {
  const count = list.waiting.value.size;
  if (count === 0) return null;
  return <button type="button" class="button list-tool waiting" onClick={() => void list.reload()}>{splural('list.waiting', count)}</button>;
}

function Count({ list }: { readonly list: StudyList }): JSX.Element {
  return (
    <p class="total number" aria-live="polite" data-total={list.total.value}>
      {list.state.value === 'ready' && (list.totalIsExact.value ? plural('studies.count', list.total.value) : plural('studies.count_over', list.total.value - 1))}
      {list.sort.value?.column === 'images' && !list.complete.value && ` · ${plural('studies.sorted_part', list.shown.value.length)}`}
    </p>
  );
}

interface BodyProps {
  readonly list: StudyList;
  readonly filter: Filter;
  readonly onClear: () => void;
  readonly children: JSX.Element;
}

function Body({ list, filter, onClear, children }: BodyProps): JSX.Element {
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
  if (list.rows.value.length > 0) return children;
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

interface PanelProps {
  readonly study: Study | null;
  readonly history: RefObject<HTMLElement | null>;
  readonly onOpen: (study: Study) => void;
  readonly onClose: () => void;
  readonly onLeaveHistory: () => void;
}

function DetailsPanel({ study, ...others }: PanelProps): JSX.Element {
  return (
    <aside class="details-panel" aria-label={t('details.title')}>
      {study ? <StudyDetails study={study} {...others} /> : <KeyHints />}
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
