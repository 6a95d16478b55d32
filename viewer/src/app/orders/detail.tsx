/** One order beside the list: what it says, where it stands, and what can be done with it. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

import { formatDate, formatMoment, formatTime } from '../../i18n/dates';
import { personName } from '../../i18n/person_name';
import { viewerAddress } from '../address';
import { Dialog } from '../controls/dialog';
import { Link } from '../controls/link';
import { Icon } from '../icons';
import type { Order, OrderState, OrderStudy, Performed } from './api';
import { priorityText, sexAndAge, StateMark, stationText } from './list';
import { oplural, ot } from './texts';

interface OrderDetailProps {
  readonly order: Order;
  readonly busy: boolean;
  readonly problem: string;
  readonly onClose: () => void;
  readonly onEdit: () => void;
  readonly onState: (state: OrderState) => void;
}

export function OrderDetail({ order, busy, problem, onClose, onEdit, onState }: OrderDetailProps): JSX.Element {
  const [asking, setAsking] = useState(false);
  return (
    <aside class="details-panel order-detail" aria-label={personName(order.patient_name)}>
      <div class="details-head">
        <div>
          <h2>{personName(order.patient_name)}</h2>
          <p class="number">{[order.patient_id, sexAndAge(order), formatDate(order.patient_birth_date)].filter(Boolean).join(' · ')}</p>
        </div>
        <button type="button" class="icon-button" aria-label={ot('orders.close')} title={ot('orders.close')} onClick={onClose}><Icon name="close" /></button>
      </div>
      <p class="order-what">{order.requested_procedure_description}</p>
      <StateMark state={order.state} />
      {problem !== '' && <p class="outcome" data-bad="true" role="alert"><Icon name="warning" /><span>{problem}</span></p>}
      <div class="acts">
        {order.state === 'scheduled' && <button type="button" class="button small" disabled={busy} onClick={onEdit}>{ot('orders.edit')}</button>}
        {(order.state === 'scheduled' || order.state === 'in-progress') && (
          <button type="button" class="button small" disabled={busy} onClick={() => onState('completed')}>{ot('orders.complete')}</button>
        )}
        {order.state === 'in-progress' && (
          <button type="button" class="button small danger" disabled={busy} onClick={() => onState('discontinued')}>{ot('orders.discontinue')}</button>
        )}
        {order.state === 'scheduled' && <button type="button" class="button small danger" disabled={busy} onClick={() => setAsking(true)}>{ot('orders.cancel')}</button>}
        {['completed', 'discontinued', 'cancelled'].includes(order.state) && (
          <button type="button" class="button small" disabled={busy} onClick={() => onState('scheduled')}><Icon name="reset" />{ot('orders.again')}</button>
        )}
      </div>
      <Part title={ot('orders.part.steps')}><Steps order={order} /></Part>
      {order.performed.length > 0 && <Part title={ot('orders.part.machine')}><Reports performed={order.performed} /></Part>}
      <Part title={ot('orders.part.studies')}><Studies studies={order.studies} /></Part>
      <Part title={ot('orders.part.order')}><Facts order={order} /></Part>
      {asking && <ConfirmCancel onKeep={() => setAsking(false)} onCancel={() => { setAsking(false); onState('cancelled'); }} />}
    </aside>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return <section class="order-part"><h3>{title}</h3>{children}</section>;
}

function Steps({ order }: { readonly order: Order }): JSX.Element {
  return (
    <ol class="order-steps">
      {order.steps.map((step) => (
        <li key={step.scheduled_procedure_step_id} data-state={step.state}>
          <span class="primary"><span class="badge">{step.modality}</span> {step.scheduled_procedure_step_description || order.requested_procedure_description}</span>
          <span class="secondary number">
            {[
              formatDate(step.scheduled_procedure_step_start_date), formatTime(step.scheduled_procedure_step_start_time),
              stationText(step.scheduled_station_ae_titles),
            ].filter(Boolean).join(' · ')}
          </span>
          {order.steps.length > 1 && <StateMark state={step.state} />}
        </li>
      ))}
    </ol>
  );
}

const REPORTS = ['IN PROGRESS', 'COMPLETED', 'DISCONTINUED'] as const;

function Reports({ performed }: { readonly performed: readonly Performed[] }): JSX.Element {
  return (
    <ol class="order-steps">
      {performed.map((one) => {
        const state = REPORTS.find((known) => known === one.state) ?? 'IN PROGRESS';
        const start = formatTime(one.start_time);
        return (
          <li key={one.sop_instance_uid} data-report={one.state}>
            <span class="primary">{one.ae_title}</span>
            <span class="secondary number">
              {state === 'IN PROGRESS' ? ot('orders.report.IN PROGRESS', { start }) : ot(`orders.report.${state}`, { start, end: formatTime(one.end_time) })}
              {one.number_of_images > 0 && ` · ${oplural('orders.report_images', one.number_of_images)}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const FOUND = ['study', 'accession', 'step', 'patient', 'report', 'hand'] as const;

function Studies({ studies }: { readonly studies: readonly OrderStudy[] }): JSX.Element {
  if (studies.length === 0) return <p class="quiet">{ot('orders.study_none')}</p>;
  return (
    <ul class="order-steps">
      {studies.map((study) => {
        const by = FOUND.find((known) => known === study.found_by);
        return (
          <li key={study.study_instance_uid} data-study={study.study_instance_uid}>
            {study.number_of_instances > 0
              ? (
                <Link href={viewerAddress([study.study_instance_uid])} class="side-link">
                  {ot('orders.study_open')} ({oplural('orders.report_images', study.number_of_instances)})<Icon name="arrow_right" />
                </Link>
              )
              : <span class="primary">{ot('orders.study_announced')}</span>}
            <span class="secondary">{by === undefined ? study.found_by : ot(`orders.found.${by}`)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Facts({ order }: { readonly order: Order }): JSX.Element {
  const pregnancy = (['1', '2', '3', '4'] as const).find((one) => one === order.pregnancy_status);
  const facts: readonly (readonly [string, string])[] = [
    [ot('orders.field.accession'), order.accession_number],
    [ot('orders.field.priority'), priorityText(order)],
    [ot('orders.field.department'), order.requesting_service],
    [ot('orders.field.referrer'), personName(order.referring_physician_name)],
    [ot('orders.field.reason'), order.reason_for_the_requested_procedure],
    [ot('orders.field.location'), order.current_patient_location],
    [ot('orders.field.weight'), order.patient_weight],
    [ot('orders.field.allergies'), order.allergies],
    [ot('orders.field.alerts'), order.medical_alerts],
    [ot('orders.field.pregnancy'), pregnancy === undefined ? '' : ot(`orders.pregnancy.${pregnancy}`)],
    [ot('orders.field.comments'), order.requested_procedure_comments],
    [ot('orders.field.facility'), order.facility.name || order.facility.code],
    [ot('orders.field.created'), ot('orders.made_by', { by: order.created_by, moment: formatMoment(order.created_at) })],
  ];
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== '').map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

function ConfirmCancel({ onKeep, onCancel }: { readonly onKeep: () => void; readonly onCancel: () => void }): JSX.Element {
  return (
    <Dialog label={ot('orders.confirm_cancel')} onClose={onKeep}>
      <div class="order-confirm">
        <h2>{ot('orders.confirm_cancel')}</h2>
        <p>{ot('orders.confirm_cancel_lead')}</p>
        <div class="dialog-acts">
          <button type="button" class="button" autofocus onClick={onKeep}>{ot('orders.keep')}</button>
          <button type="button" class="button danger solid" onClick={onCancel}>{ot('orders.cancel')}</button>
        </div>
      </div>
    </Dialog>
  );
}
