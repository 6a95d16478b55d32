/** The orders as rows: when, whom, what, where, and how far. */
import type { JSX } from 'preact';

import { formatAge, formatDate, formatTime } from '../../i18n/dates';
import { formatNumber } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import { Icon } from '../icons';
import type { Order, OrderState } from './api';
import { ot } from './texts';

interface OrderListProps {
  readonly orders: readonly Order[];
  readonly chosen: number | null;
  readonly onChoose: (order: Order) => void;
}

export function OrderList({ orders, chosen, onChoose }: OrderListProps): JSX.Element {
  return (
    <table class="order-table">
      <thead>
        <tr>
          <th scope="col">{ot('orders.column.time')}</th>
          <th scope="col">{ot('orders.column.patient')}</th>
          <th scope="col">{ot('orders.column.procedure')}</th>
          <th scope="col">{ot('orders.column.machine')}</th>
          <th scope="col">{ot('orders.column.state')}</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => <Row key={order.id} order={order} chosen={order.id === chosen} onChoose={onChoose} />)}
      </tbody>
    </table>
  );
}

function Row({ order, chosen, onChoose }: { readonly order: Order; readonly chosen: boolean; readonly onChoose: (order: Order) => void }): JSX.Element {
  const [first, ...others] = order.steps;
  const urgent = order.requested_procedure_priority === 'STAT' || order.requested_procedure_priority === 'HIGH';
  return (
    <tr data-order={order.id} data-state={order.state} aria-selected={chosen} onClick={() => onChoose(order)}>
      <td class="order-time number">
        <span class="primary">{formatTime(first?.scheduled_procedure_step_start_time ?? '') || '–'}</span>
        <span class="secondary">{formatDate(first?.scheduled_procedure_step_start_date ?? '')}</span>
      </td>
      <td class="order-patient">
        <button type="button" class="primary" aria-expanded={chosen}>{personName(order.patient_name)}</button>
        <span class="secondary number">{[order.patient_id, sexAndAge(order)].filter(Boolean).join(' · ')}</span>
      </td>
      <td class="order-procedure">
        <span class="primary">
          {urgent && <span class="badge" data-priority={order.requested_procedure_priority}>{priorityText(order)}</span>}
          {order.requested_procedure_description}
        </span>
        <span class="secondary number">{[order.accession_number, order.requesting_service].filter(Boolean).join(' · ')}</span>
      </td>
      <td class="order-machine">
        <span class="primary"><span class="badge">{first?.modality}</span></span>
        <span class="secondary">{stationText(first?.scheduled_station_ae_titles ?? [])}{others.length > 0 && ` ${ot('orders.more_steps', { count: others.length })}`}</span>
      </td>
      <td class="order-state">
        <StateMark state={order.state} />
        <span class="secondary number">{imagesText(order)}</span>
      </td>
    </tr>
  );
}

export function StateMark({ state }: { readonly state: OrderState }): JSX.Element {
  return (
    <span class="order-mark" data-state={state}>
      {state === 'completed' ? <Icon name="check" /> : <span class={state === 'in-progress' ? 'pulse' : 'dot'} />}
      {ot(`orders.state.${state}`)}
    </span>
  );
}

export function stationText(titles: readonly string[]): string {
  return titles.length === 0 ? ot('orders.any_machine') : titles.join(', ');
}

const PRIORITIES = ['STAT', 'HIGH', 'ROUTINE', 'MEDIUM', 'LOW'] as const;

export function priorityText({ requested_procedure_priority: priority }: Pick<Order, 'requested_procedure_priority'>): string {
  const known = PRIORITIES.find((one) => one === priority);
  return known === undefined ? priority : ot(`orders.priority.${known}`);
}

export function sexAndAge(order: Order): string {
  const sex = (['M', 'F', 'O'] as const).find((one) => one === order.patient_sex);
  const age = formatAge(order.patient_birth_date, order.steps[0]?.scheduled_procedure_step_start_date ?? '');
  return [sex === undefined ? '' : ot(`orders.sex.${sex}`), age].filter(Boolean).join(', ');
}

function imagesText({ studies }: Order): string {
  const images = studies.reduce((sum, study) => sum + study.number_of_instances, 0);
  return images === 0 ? '' : `${formatNumber(images)} ${ot('orders.part.studies').toLocaleLowerCase()}`;
}
