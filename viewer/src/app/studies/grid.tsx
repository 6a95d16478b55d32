/** The rows of the list: only those in sight are in the page, so a long list stays light. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { formatDate, formatMoment, formatTime } from '../../i18n/dates';
import { formatNumber, plural, t } from '../../i18n/locale';
import type { Study } from '../api';
import { Icon } from '../icons';
import { viewerAddress } from '../address';
import { goTo } from '../location';
import { useMedia } from '../media';
import type { StudyList } from './list';
import type { SortColumn } from './sort';
import { patientName, sexAndAge, studyDescription } from './study_text';

const ROW_HEIGHT = 62;
const CARD_HEIGHT = 116;
const CARDS_BELOW = '(max-width: 760px)';
const SPARE_ROWS = 8;
const LOAD_AHEAD_ROWS = 40;
const PAGE_STEP = 10;

export function open(study: Study): void {
  goTo(viewerAddress([study.study_instance_uid]));
}

const rowId = (uid: string): string => `study-${uid}`;

interface GridProps {
  readonly list: StudyList;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onDetails: (study: Study) => void;
}

export function StudyGrid({ list, grid, onDetails }: GridProps): JSX.Element {
  const top = useSignal(0);
  const height = useSignal(800);
  const cards = useMedia(CARDS_BELOW);
  const firstShown = useRef('');
  const rowHeight = cards.value ? CARD_HEIGHT : ROW_HEIGHT;
  const rows = list.shown.value;

  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return;
    const observer = new ResizeObserver(() => { height.value = element.clientHeight; });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // A study that arrives on top must not push away what the reader is looking at.
  useLayoutEffect(() => {
    const element = grid.current;
    const before = firstShown.current;
    firstShown.current = rows[0]?.study_instance_uid ?? '';
    if (!element || before === '' || element.scrollTop < rowHeight / 2) return;
    const pushedBy = rows.findIndex((row) => row.study_instance_uid === before);
    if (pushedBy > 0) element.scrollTop += pushedBy * rowHeight;
  }, [rows]);

  useSignalEffect(() => {
    const lastShown = (top.value + height.value) / (cards.value ? CARD_HEIGHT : ROW_HEIGHT);
    if (lastShown + LOAD_AHEAD_ROWS > list.rows.value.length) void list.more();
  });

  const reveal = (index: number): void => {
    const element = grid.current;
    if (!element || index < 0) return;
    const from = index * rowHeight;
    if (from < element.scrollTop) element.scrollTop = from;
    else if (from + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = from + rowHeight - element.clientHeight;
  };
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_STEP, PageUp: -PAGE_STEP, Home: -rows.length, End: rows.length,
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      reveal(list.move(step));
    } else if (event.key === 'Enter') {
      const study = list.chosenStudy.peek();
      if (study) open(study);
    } else if (event.key === 'Escape') {
      list.chosen.value = '';
    }
  };

  const from = Math.max(0, Math.floor(top.value / rowHeight) - SPARE_ROWS);
  const to = Math.min(rows.length, Math.ceil((top.value + height.value) / rowHeight) + SPARE_ROWS);
  const chosenInPage = rows.slice(from, to).some((row) => row.study_instance_uid === list.chosen.value);
  return (
    <div
      ref={grid} class="study-grid" role="grid" tabIndex={0} aria-label={t('studies.title')} aria-rowcount={list.totalIsExact.value ? list.total.value + 1 : -1}
      aria-activedescendant={chosenInPage ? rowId(list.chosen.value) : undefined}
      onScroll={(event) => { top.value = event.currentTarget.scrollTop; }} onKeyDown={onKeyDown}
    >
      <GridHead list={list} />
      <div class="grid-space" role="rowgroup" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(from, to).map((study, offset) => (
          <StudyRow
            key={study.study_instance_uid} study={study} position={from + offset} top={(from + offset) * rowHeight}
            chosen={study.study_instance_uid === list.chosen.value} card={cards.value} onDetails={onDetails}
          />
        ))}
      </div>
    </div>
  );
}

function GridHead({ list }: { readonly list: StudyList }): JSX.Element {
  const received = list.sort.value === null ? 'descending' : 'none';
  return (
    <div class="grid-head" role="rowgroup">
      <div class="study-row" role="row" aria-rowindex={1}>
        <SortHead list={list} column="patient" />
        <span role="columnheader">{t('studies.column.modality')}</span>
        <span role="columnheader">{t('studies.column.study')}</span>
        <SortHead list={list} column="date" />
        <SortHead list={list} column="images" />
        <span role="columnheader" class="end" aria-sort={received}>
          <button type="button" onClick={() => { list.sort.value = null; }}>
            {received === 'descending' && <Icon name="chevron_down" />}
            {t('studies.column.received')}
          </button>
        </span>
        <span role="columnheader"><span class="visually-hidden">{t('studies.column.details')}</span></span>
      </div>
    </div>
  );
}

interface SortHeadProps {
  readonly list: StudyList;
  readonly column: SortColumn;
}

function SortHead({ list, column }: SortHeadProps): JSX.Element {
  const sort = list.sort.value;
  const order = sort?.column !== column ? 'none' : sort.descending ? 'descending' : 'ascending';
  const mark = order !== 'none' && <Icon name={order === 'descending' ? 'chevron_down' : 'chevron_up'} />;
  const atEnd = column === 'images';
  return (
    <span role="columnheader" class={atEnd ? 'end' : ''} aria-sort={order}>
      <button type="button" data-sort={column} onClick={() => void list.sortBy(column)}>
        {atEnd && mark}
        {t(`studies.column.${column}`)}
        {!atEnd && mark}
      </button>
    </span>
  );
}

interface RowProps {
  readonly study: Study;
  readonly position: number;
  readonly top: number;
  readonly chosen: boolean;
  /** Shown as a card, on a phone. */
  readonly card: boolean;
  readonly onDetails: (study: Study) => void;
}

function StudyRow({ study, position, top, chosen, card, onDetails }: RowProps): JSX.Element {
  const name = patientName(study);
  const address = viewerAddress([study.study_instance_uid]);
  const onClick = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    goTo(address);
  };
  return (
    <div
      id={rowId(study.study_instance_uid)} class="study-row" role="row" aria-rowindex={position + 2} aria-selected={chosen}
      data-study={study.study_instance_uid} data-arriving={study.arriving} data-count={study.number_of_instances}
      style={{ transform: `translateY(${top}px)` }} onClick={onClick}
    >
      <div role="gridcell" class="cell-patient">
        <a href={address} tabIndex={-1} class="primary" title={t('studies.open_study', { name })}>{name}</a>
        <span class="secondary number">{[study.patient_id, sexAndAge(study)].filter(Boolean).join(' · ')}</span>
      </div>
      <div role="gridcell" class="cell-modality">
        {study.modalities.map((modality) => <span key={modality} class="badge">{modality}</span>)}
      </div>
      <div role="gridcell" class="cell-study">
        <span class={study.study_description ? 'primary' : 'primary none'}>{studyDescription(study)}</span>
        <span class="secondary">{[study.accession_number, study.facility?.name].filter(Boolean).join(' · ')}</span>
      </div>
      <div role="gridcell" class="cell-date number">
        <span class="primary">{formatDate(study.study_date)}</span>
        <span class="secondary">{formatTime(study.study_time)}</span>
      </div>
      <div role="gridcell" class="cell-images number">
        <ImageCount study={study} card={card} />
      </div>
      <div role="gridcell" class="cell-received number">
        <time dateTime={study.received_at}>{formatMoment(study.received_at)}</time>
      </div>
      <div role="gridcell" class="cell-details">
        <button
          type="button" class="icon-button" tabIndex={-1} aria-label={t('studies.show_details', { name })}
          title={t('studies.column.details')}
          onClick={(event) => { event.stopPropagation(); onDetails(study); }}
        >
          <Icon name="details" />
        </button>
      </div>
    </div>
  );
}

/** The count, which beats once with every change while the study is arriving. */
function ImageCount({ study, card }: { readonly study: Study; readonly card: boolean }): JSX.Element {
  const { arriving, number_of_instances: count } = study;
  return (
    <>
      <span class="primary">
        {arriving && <span class="pulse" title={t('studies.arriving')} />}
        <span key={count} class={arriving ? 'beat count' : 'count'}>{card ? plural('count.images', count) : formatNumber(count)}</span>
      </span>
      <span class="secondary">
        {!card && plural('count.series', study.number_of_series)}
        {arriving && <span class="visually-hidden">{t('studies.arriving')}</span>}
      </span>
    </>
  );
}
