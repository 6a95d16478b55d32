/** What is owed to other machines: what waits, what failed and why, what is done. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { personName } from '../../i18n/person_name';
import { viewerAddress } from '../address';
import { ListBody } from '../admin/list_body';
import { useListing } from '../admin/listing';
import { Link } from '../controls/link';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { visible } from '../visibility';
import { cancelDelivery, type Delivery, type DeliveryState, listDeliveries, retryDelivery } from './api';
import { reasonOf } from './reason';
import { hoursText } from './rule_text';
import { rplural, rt } from './texts';
import '../../styles/routing.css';

const STATES = ['', 'waiting', 'failed', 'done', 'cancelled'] as const satisfies readonly (DeliveryState | '')[];
const AGAIN_MS = 4000;

export function QueuePage(): JSX.Element {
  const [state, setState] = useState<DeliveryState | ''>('');
  const [failed, setFailed] = useState(false);
  const list = useListing(state, async (limit, offset, signal) => {
    const page = await listDeliveries(state, limit, offset, signal);
    return { ...page, rows: page.deliveries };
  });
  const shown = visible.value;
  // Whoever has asked for more pages reads them; a first page follows what happens.
  const follows = shown && list.state === 'ready' && list.rows.length <= (list.page?.rows.length ?? 0);
  useEffect(() => {
    if (!follows) return undefined;
    const timer = setInterval(list.reload, AGAIN_MS);
    return () => clearInterval(timer);
  }, [follows, state]);
  const act = (work: Promise<void>): void => {
    setFailed(false);
    work.then(list.reload, (reason: unknown) => { if (!noticeSignedOut(reason)) setFailed(true); });
  };
  return (
    <>
      <div class="admin-head">
        <h1>{rt('queue.title')}</h1>
        <p class="total number" aria-live="polite">{list.page && rplural('queue.count', list.total)}</p>
      </div>
      <p class="admin-lead">{rt('queue.lead')}</p>
      <div class="segments" role="group" aria-label={rt('queue.filter')}>
        {STATES.map((one) => (
          <button key={one} type="button" aria-pressed={state === one} onClick={() => setState(one)}>
            {rt(`queue.state.${one === '' ? 'all' : one}`)}
            {one !== '' && list.page && list.page.states[one] > 0 && <span class="number"> {list.page.states[one]}</span>}
          </button>
        ))}
      </div>
      {failed && <p class="outcome" data-bad role="alert"><Icon name="warning" /><span>{rt('queue.act_failed')}</span></p>}
      <ListBody list={list} icon="inbox" empty={rt('queue.empty')} emptyHint={rt('queue.empty_hint')}>
        <ul class="queue-list">
          {list.rows.map((one) => (
            <li key={one.id}>
              <Entry one={one} onRetry={() => act(retryDelivery(one.id))} onCancel={() => act(cancelDelivery(one.id))} />
            </li>
          ))}
        </ul>
      </ListBody>
    </>
  );
}

interface EntryProps {
  readonly one: Delivery;
  readonly onRetry: () => void;
  readonly onCancel: () => void;
}

function Entry({ one, onRetry, onCancel }: EntryProps): JSX.Element {
  const open = one.state === 'waiting' || one.state === 'failed';
  return (
    <article class="queue-row" data-state={one.state}>
      <span class="badge" data-state={one.state}>{one.is_active ? rt('queue.sending') : rt(`queue.state.${one.state}`)}</span>
      <span class="queue-subject"><Subject one={one} /></span>
      <span class="queue-what">
        <span class="primary">{rt(`queue.kind.${one.kind}`)} <span class="secondary">{rt('queue.to', { name: one.ae_title })}</span></span>
        <span class="secondary number">{progressOf(one).join(' · ')}</span>
      </span>
      <span class="secondary number">{formatMoment(one.updated_at)}</span>
      <span class="queue-acts">
        {open && <button type="button" class="button small" onClick={onRetry}>{rt('queue.retry')}</button>}
        {open && <button type="button" class="button small danger" onClick={onCancel}>{rt('queue.cancel')}</button>}
      </span>
      {one.error !== '' && <Reason error={one.error} />}
    </article>
  );
}

function Reason({ error }: { readonly error: string }): JSX.Element {
  const reason = reasonOf(error);
  return (
    <span class="queue-error">
      {reason !== null && <span>{rt(`queue.reason.${reason}`)}</span>}
      <span class={reason === null ? undefined : 'secondary'}>{error}</span>
    </span>
  );
}

function Subject({ one }: { readonly one: Delivery }): JSX.Element {
  if (one.study === null) {
    return <span class="secondary number uid">{one.kind === 'report' ? rt('queue.transaction', { uid: one.subject }) : one.subject}</span>;
  }
  return (
    <>
      <Link href={viewerAddress([one.subject])} class="primary">{personName(one.study.patient_name) || one.study.patient_id}</Link>
      <span class="secondary">{[one.study.patient_id, one.study.study_description].filter((text) => text !== '').join(' · ')}</span>
    </>
  );
}

/** How far it is, and when it goes on. */
function progressOf(one: Delivery): readonly string[] {
  const { sent, waiting, refused } = one.instances;
  const total = sent + waiting + refused;
  const told: string[] = [];
  if (total > 0) told.push(rt('queue.sent', { sent, total }));
  if (refused > 0) told.push(rplural('queue.refused', refused));
  if (one.send_hours !== '') told.push(rt('queue.hours', { hours: hoursText(one.send_hours) }));
  if (one.attempts > 0 && one.state === 'waiting') told.push(rplural('queue.attempts', one.attempts));
  if (one.state === 'waiting' && !one.is_active && one.next_at !== null && new Date(one.next_at) > new Date()) {
    told.push(rt('queue.next', { moment: formatMoment(one.next_at) }));
  }
  return told;
}
