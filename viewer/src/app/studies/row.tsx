/** One row of the list, and what stands in each of its columns. */
import type { JSX } from 'preact';

import { formatDate, formatMoment, formatTime } from '../../i18n/dates';
import { formatNumber, plural, t } from '../../i18n/locale';
import '../../i18n/pages';
import { personName } from '../../i18n/person_name';
import { viewerAddress } from '../address';
import type { Study } from '../api';
import { Icon } from '../icons';
import type { Column } from './columns';
import { patientName, sexAndAge, studyDescription } from './study_text';
import { st } from './texts';

export const rowId = (uid: string): string => `study-${uid}`;

interface RowProps {
  readonly study: Study;
  readonly position: number;
  readonly top: number;
  readonly chosen: boolean;
  readonly opened: boolean;
  readonly columns: readonly Column[];
  /** Shown as a card, on a phone. */
  readonly card: boolean;
  readonly onOpen: (study: Study) => void;
  readonly onDetails: (study: Study) => void;
}

export function StudyRow({ study, position, top, chosen, opened, columns, card, onOpen, onDetails }: RowProps): JSX.Element {
  const name = patientName(study);
  const onClick = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onOpen(study);
  };
  return (
    <div
      id={rowId(study.study_instance_uid)} class="study-row" role="row" aria-rowindex={position + 2} aria-selected={chosen}
      data-study={study.study_instance_uid} data-arriving={study.arriving} data-count={study.number_of_instances} data-opened={opened}
      style={{ transform: `translateY(${top}px)` }} onClick={onClick}
    >
      {columns.map((column) => CELLS[column]({ study, card, opened }))}
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

/** The place of a study that has not been read yet. */
export function HollowRow({ position, top }: { readonly position: number; readonly top: number }): JSX.Element {
  return (
    <div class="study-row hollow" role="row" aria-rowindex={position + 2} style={{ transform: `translateY(${top}px)` }}>
      <div role="gridcell" class="cell-patient"><span class="visually-hidden">{st('row.loading')}</span></div>
    </div>
  );
}

interface CellProps {
  readonly study: Study;
  readonly card: boolean;
  readonly opened: boolean;
}

function textCell(column: Column, text: (study: Study) => string, { numeric = false } = {}): (props: CellProps) => JSX.Element {
  return ({ study }) => (
    <div key={column} role="gridcell" class={`cell-${column.replace('_', '-')}${numeric ? ' number' : ''}`}>
      <span class="primary" title={text(study)}>{text(study)}</span>
    </div>
  );
}

/** Badges that a row has room for; the rest is a number. */
const MOST_MODALITIES = 3;

/** Modalities as a cell shows them: what comes from a machine before what was derived from it. */
function inCell(modalities: readonly string[]): readonly string[] {
  const sorted = modalities.toSorted((one, other) => Number(DERIVED.has(one)) - Number(DERIVED.has(other)));
  if (sorted.length <= MOST_MODALITIES) return sorted;
  return [...sorted.slice(0, MOST_MODALITIES - 1), `+${formatNumber(sorted.length - MOST_MODALITIES + 1)}`];
}

const DERIVED: ReadonlySet<string> = new Set(['SR', 'PR', 'KO', 'SEG', 'DOC', 'RTSTRUCT', 'RTPLAN', 'RTDOSE', 'RTRECORD', 'REG', 'PLAN', 'AU']);

const CELLS: Readonly<Record<Column, (props: CellProps) => JSX.Element>> = {
  patient: ({ study, opened }) => {
    const name = patientName(study);
    return (
      <div key="patient" role="gridcell" class="cell-patient">
        <a href={viewerAddress([study.study_instance_uid])} tabIndex={-1} class="primary" title={t('studies.open_study', { name })}>
          {!opened && <span class="unopened" title={st('row.unopened')} />}
          {name}
        </a>
        <span class="secondary number">{[study.patient_id, sexAndAge(study)].filter(Boolean).join(' · ')}</span>
      </div>
    );
  },
  modality: ({ study }) => (
    <div key="modality" role="gridcell" class="cell-modality" title={study.modalities.join(' ')}>
      {inCell(study.modalities).map((modality) => <span key={modality} class="badge">{modality}</span>)}
    </div>
  ),
  study: ({ study }) => (
    <div key="study" role="gridcell" class="cell-study">
      <span class={study.study_description ? 'primary' : 'primary none'}>{studyDescription(study)}</span>
      <span class="secondary">{[study.accession_number, study.facility?.name].filter(Boolean).join(' · ')}</span>
    </div>
  ),
  date: ({ study }) => (
    <div key="date" role="gridcell" class="cell-date number">
      <span class="primary">{formatDate(study.study_date)}</span>
      <span class="secondary">{formatTime(study.study_time)}</span>
    </div>
  ),
  images: ({ study, card }) => (
    <div key="images" role="gridcell" class="cell-images number"><ImageCount study={study} card={card} /></div>
  ),
  received: ({ study }) => (
    <div key="received" role="gridcell" class="cell-received number">
      <time dateTime={study.received_at}>{formatMoment(study.received_at)}</time>
    </div>
  ),
  patient_id: textCell('patient_id', (study) => study.patient_id, { numeric: true }),
  sex_age: textCell('sex_age', sexAndAge),
  birth_date: textCell('birth_date', (study) => formatDate(study.patient_birth_date), { numeric: true }),
  accession: textCell('accession', (study) => study.accession_number, { numeric: true }),
  facility: textCell('facility', (study) => (study.facility === null ? '' : study.facility.name || study.facility.code)),
  referrer: textCell('referrer', (study) => personName(study.referring_physician_name)),
};

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
