/** What arrived and disagrees with what is kept: the same patient? within a study, within a series. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { formatDate, formatMoment } from '../../i18n/dates';
import { formatNumber } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import { viewerAddress } from '../address';
import { Link } from '../controls/link';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { type Discrepancy, type DiscrepancyState, listDiscrepancies, settleDiscrepancy, type StudyReference } from './api';
import { attributeText, type Disagreement, disagreements, KINDS, valueText } from './disagreement';
import { ListBody } from './list_body';
import { useListing } from './listing';
import { aplural, at } from './texts';

const STATES = ['open', 'dismissed'] as const satisfies readonly DiscrepancyState[];

type Settle = (rows: readonly Discrepancy[], state: DiscrepancyState) => Promise<void>;

export function DiscrepanciesPage(): JSX.Element {
  const [shown, setShown] = useState<DiscrepancyState>('open');
  const list = useListing(shown, async (limit, offset, signal) => {
    const page = await listDiscrepancies(shown, limit, offset, signal);
    return { ...page, rows: page.discrepancies };
  });
  const [failed, setFailed] = useState(false);
  const left = list.total - list.rows.filter((row) => row.state !== shown).length;
  const settle: Settle = async (rows, state) => {
    setFailed(false);
    try {
      for (const row of rows) {
        const settled = await settleDiscrepancy(row.id, state);
        list.replace((other) => (other.id === settled.id ? settled : other));
      }
    } catch (reason) {
      if (!noticeSignedOut(reason)) setFailed(true);
    }
  };
  return (
    <>
      <div class="admin-head">
        <h1>{at('admin.discrepancies')}</h1>
        <p class="total number" aria-live="polite">{list.page && aplural('discrepancy.count', left)}</p>
      </div>
      <p class="admin-lead">{at('discrepancy.lead')}</p>
      <div class="segments" role="group" aria-label={at('discrepancy.state')}>
        {STATES.map((state) => (
          <button key={state} type="button" aria-pressed={shown === state} onClick={() => setShown(state)}>{at(`discrepancy.state.${state}`)}</button>
        ))}
      </div>
      {failed && <p class="outcome" data-bad role="alert"><Icon name="warning" />{at('quarantine.act_unreachable')}</p>}
      <ListBody
        list={list} icon="discrepancy" empty={at(shown === 'open' ? 'discrepancy.empty' : 'discrepancy.empty_dismissed')}
        emptyHint={at(shown === 'open' ? 'discrepancy.empty_hint' : 'discrepancy.empty_dismissed_hint')}
      >
        {KINDS.map((kind) => {
          const groups = disagreements(list.rows, kind);
          if (groups.length === 0) return null;
          return (
            <section key={kind} class="discrepancy-kind" data-kind={kind}>
              <h2>{at(`discrepancy.kind.${kind}`)}</h2>
              <p class="quiet">{at(`discrepancy.hint.${kind}`)}</p>
              {groups.map((group) => <Question key={group.key} group={group} settle={settle} />)}
            </section>
          );
        })}
      </ListBody>
    </>
  );
}

function Question({ group, settle }: { readonly group: Disagreement; readonly settle: Settle }): JSX.Element {
  const { kind, first, all } = group;
  const open = all.filter((one) => one.state === 'open');
  return (
    <article class="disagreement" data-open={open.length > 0}>
      {kind === 'patient' && first.other_study
        ? (
          <div class="sides">
            <StudySide title={at('discrepancy.study_older')} study={first.other_study} />
            <StudySide title={at('discrepancy.study_newer')} study={first.study} />
          </div>
        )
        : <StudyLine discrepancy={first} />}
      <table class="comparison settling">
        <thead>
          <tr>
            <th scope="col">{at('discrepancy.attribute')}</th>
            <th scope="col">{at('discrepancy.kept')}</th>
            <th scope="col">{at('discrepancy.arrived')}</th>
            <th scope="col" class="end">{at('discrepancy.images')}</th>
            <th scope="col">{at('discrepancy.last_seen')}</th>
            <td />
          </tr>
        </thead>
        <tbody>{all.map((one) => <DiscrepancyRow key={one.id} row={one} settle={settle} />)}</tbody>
      </table>
      {open.length > 1 && (
        <button type="button" class="button quiet-button" onClick={() => void settle(open, 'dismissed')}>{at('discrepancy.dismiss_all')}</button>
      )}
    </article>
  );
}

function DiscrepancyRow({ row, settle }: { readonly row: Discrepancy; readonly settle: Settle }): JSX.Element {
  const open = row.state === 'open';
  const { attribute } = row;
  return (
    <tr data-discrepancy={row.id} data-state={row.state}>
      <th scope="row">{attributeText(attribute)}</th>
      <td data-label={at('discrepancy.kept')}>{attribute === '' ? '' : valueText(attribute, row.kept)}</td>
      <td data-label={at('discrepancy.arrived')} class="differs">{attribute === '' ? '' : valueText(attribute, row.arrived)}</td>
      <td data-label={at('discrepancy.images')} class="end number">{formatNumber(row.number_of_instances)}</td>
      <td data-label={at('discrepancy.last_seen')} class="number">
        {open ? formatMoment(row.last_seen_at) : at('discrepancy.dismissed_by', { by: row.dismissed_by, moment: row.dismissed_at === null ? '' : formatMoment(row.dismissed_at) })}
      </td>
      <td class="end">
        <button
          type="button" class="button small" aria-label={`${at(open ? 'discrepancy.dismiss' : 'discrepancy.reopen')}: ${attributeText(attribute)}`}
          onClick={() => void settle([row], open ? 'dismissed' : 'open')}
        >
          {at(open ? 'discrepancy.dismiss' : 'discrepancy.reopen')}
        </button>
      </td>
    </tr>
  );
}

/** What a study is called: whose it is, when and what of. */
function studyFacts(study: StudyReference): string {
  return [study.modalities.join(' '), formatDate(study.study_date), study.study_description].filter(Boolean).join(' · ');
}

function StudySide({ title, study }: { readonly title: string; readonly study: StudyReference }): JSX.Element {
  const name = personName(study.patient_name) || at('quarantine.no_patient');
  return (
    <section class="side">
      <h3>{title}</h3>
      <p class="side-name">{name}</p>
      <p class="secondary number">{[study.patient_id, study.issuer_of_patient_id, formatDate(study.patient_birth_date)].filter(Boolean).join(' · ')}</p>
      <p class="secondary">{[studyFacts(study), study.facility.name || study.facility.code].filter(Boolean).join(' · ')}</p>
      <OpenStudy study={study} />
    </section>
  );
}

function OpenStudy({ study }: { readonly study: StudyReference }): JSX.Element {
  const name = personName(study.patient_name) || at('quarantine.no_patient');
  return (
    <Link href={viewerAddress([study.study_instance_uid])} class="side-link" label={at('discrepancy.open_study_of', { name })}>
      {at('discrepancy.open_study')}<Icon name="arrow_right" />
    </Link>
  );
}

function StudyLine({ discrepancy }: { readonly discrepancy: Discrepancy }): JSX.Element {
  const { study, series, other_study: other } = discrepancy;
  const name = personName(study.patient_name) || at('quarantine.no_patient');
  const ofSeries = series && [
    at('discrepancy.series', { number: series.series_number === null ? '' : String(series.series_number) }), series.modality, series.series_description,
  ].filter(Boolean).join(' · ');
  return (
    <div class="study-line">
      <p class="side-name">{name} <span class="secondary number">{study.patient_id}</span></p>
      <p class="secondary">{[studyFacts(study), ofSeries].filter(Boolean).join(' · ')}</p>
      <OpenStudy study={study} />
      {other && (
        <p class="secondary">
          {at('discrepancy.other_study')}: {personName(other.patient_name) || at('quarantine.no_patient')} · {studyFacts(other)} <OpenStudy study={other} />
        </p>
      )}
    </div>
  );
}
