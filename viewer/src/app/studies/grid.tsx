/** The rows of the list: only those in sight are in the page, so a long list stays light. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { t } from '../../i18n/locale';
import '../../i18n/pages';
import type { Study } from '../api';
import { Icon } from '../icons';
import { useMedia } from '../media';
import { type Column, type ColumnChoice, columnsOf, LOOKS } from './columns';
import type { StudyList } from './list';
import { HollowRow, rowId, StudyRow } from './row';
import { st } from './texts';

const ROW_HEIGHT = 62;
const CARD_HEIGHT = 116;
const CARDS_BELOW = '(max-width: 760px)';
const NARROW_BELOW = '(max-width: 1180px)';
const SPARE_ROWS = 8;
const PAGE_STEP = 10;
/** How far a key goes; the ends are wherever the list ends when it is pressed. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_STEP, PageUp: -PAGE_STEP, Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY,
};

interface GridProps {
  readonly list: StudyList;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly choice: ColumnChoice;
  readonly onOpen: (study: Study) => void;
  readonly onDetails: (study: Study) => void;
  /** Arrow right on a row: into its history. */
  readonly onHistory: () => void;
}

export function StudyGrid({ list, grid, choice, onOpen, onDetails, onHistory }: GridProps): JSX.Element {
  const top = useSignal(0);
  const height = useSignal(800);
  const cards = useMedia(CARDS_BELOW);
  const narrow = useMedia(NARROW_BELOW);
  const rowHeight = cards.value ? CARD_HEIGHT : ROW_HEIGHT;
  const rows = list.shown.value;
  const columns = columnsOf(choice, cards.value ? 'cards' : narrow.value ? 'narrow' : 'wide');

  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return;
    const observer = new ResizeObserver(() => { height.value = element.clientHeight; });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useSteadyPlace(list, grid, rowHeight);
  useSignalEffect(() => {
    const size = cards.value ? CARD_HEIGHT : ROW_HEIGHT;
    list.see(Math.floor(top.value / size), Math.ceil((top.value + height.value) / size));
  });

  /** A place to be shown that the page is not long enough for yet; -1: none. */
  const awaited = useRef(-1);
  const reveal = (index: number): void => {
    const element = grid.current;
    if (!element || index < 0) return;
    awaited.current = index < rows.length ? -1 : index;
    const from = index * rowHeight;
    const room = element.clientHeight - (cards.value ? 0 : HEAD_HEIGHT);
    if (from < element.scrollTop) element.scrollTop = from;
    else if (from + rowHeight > element.scrollTop + room) element.scrollTop = from + rowHeight - room;
  };
  useLayoutEffect(() => reveal(awaited.current), [rows.length]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const study = list.chosenStudy.peek();
    if (event.target !== grid.current) return;
    if (step !== undefined) {
      event.preventDefault();
      reveal(list.move(step));
    } else if (event.key === 'Enter' && study) {
      onOpen(study);
    } else if (event.key === ' ' && study) {
      event.preventDefault();
      onDetails(study);
    } else if (event.key === 'ArrowRight' && study) {
      event.preventDefault();
      onHistory();
    } else if (event.key === 'Escape') {
      list.chosen.value = '';
    }
  };

  const from = Math.max(0, Math.floor(top.value / rowHeight) - SPARE_ROWS);
  const to = Math.min(rows.length, Math.ceil((top.value + height.value) / rowHeight) + SPARE_ROWS);
  const inPage = rows.slice(from, to);
  const chosenInPage = inPage.some((row) => row?.study_instance_uid === list.chosen.value);
  const tracks = [...columns.map((column) => LOOKS[column].width), '44px'].join(' ');
  return (
    <div
      ref={grid} class="study-grid" role="grid" tabIndex={0} aria-label={t('studies.title')} aria-rowcount={list.totalIsExact.value ? list.total.value + 1 : -1}
      aria-activedescendant={chosenInPage ? rowId(list.chosen.value) : undefined} style={{ '--columns': tracks }}
      onScroll={(event) => { top.value = event.currentTarget.scrollTop; }} onKeyDown={onKeyDown}
    >
      <GridHead list={list} columns={columns} />
      <div class="grid-space" role="rowgroup" style={{ height: `${rows.length * rowHeight}px` }}>
        {inPage.map((study, offset) => {
          const position = from + offset;
          if (study === null) return <HollowRow key={`place-${position}`} position={position} top={position * rowHeight} />;
          const uid = study.study_instance_uid;
          return (
            <StudyRow
              key={uid} study={study} position={position} top={position * rowHeight} chosen={uid === list.chosen.value}
              opened={list.opened.value.has(uid)} columns={columns} card={cards.value} onOpen={onOpen} onDetails={onDetails}
            />
          );
        })}
      </div>
    </div>
  );
}

const HEAD_HEIGHT = 37;

/** A study that arrives on top must not push away what the reader is looking at. */
function useSteadyPlace(list: StudyList, grid: RefObject<HTMLDivElement | null>, rowHeight: number): void {
  const rows = list.shown.value;
  const firstShown = useRef('');
  useLayoutEffect(() => {
    const element = grid.current;
    const before = firstShown.current;
    firstShown.current = rows[0]?.study_instance_uid ?? '';
    if (!element || before === '' || element.scrollTop < rowHeight / 2) return;
    const pushedBy = rows.findIndex((row) => row?.study_instance_uid === before);
    if (pushedBy > 0) element.scrollTop += pushedBy * rowHeight;
  }, [rows]);
}

function GridHead({ list, columns }: { readonly list: StudyList; readonly columns: readonly Column[] }): JSX.Element {
  return (
    <div class="grid-head" role="rowgroup">
      <div class="study-row" role="row" aria-rowindex={1}>
        {columns.map((column) => <ColumnHead key={column} list={list} column={column} />)}
        <span role="columnheader"><span class="visually-hidden">{t('studies.column.details')}</span></span>
      </div>
    </div>
  );
}

function ColumnHead({ list, column }: { readonly list: StudyList; readonly column: Column }): JSX.Element {
  const { sort: by, atEnd } = LOOKS[column];
  const name = st(`column.${column}`);
  const place = atEnd ? 'end' : '';
  if (by === null) return <span role="columnheader" class={place}>{name}</span>;
  const sort = list.sort.value;
  const order = by === 'received'
    ? (sort === null ? 'descending' : 'none')
    : sort?.column !== by ? 'none' : sort.descending ? 'descending' : 'ascending';
  const mark = order !== 'none' && <Icon name={order === 'descending' ? 'chevron_down' : 'chevron_up'} />;
  return (
    <span role="columnheader" class={place} aria-sort={order}>
      <button type="button" data-sort={by} onClick={() => void list.sortBy(by === 'received' ? null : by)}>
        {atEnd && mark}
        {name}
        {!atEnd && mark}
      </button>
    </span>
  );
}
