/** The status page: how the archive is just now, in plain words, and what to do where it is not well. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { formatNumber } from '../../i18n/locale';
import { formatBytes, formatDuration } from '../../i18n/quantities';
import { Link } from '../controls/link';
import { Icon } from '../icons';
import { type Disk, failingChecks, type ProcessCount, type Queue, type Reach, readStatus, type Status } from './api';
import {
  diskLevel, type Level, openLevel, processLevel, queueLevel, rateOf, reachLevel, receivingLevel, secondsBefore, shownQueues, tally,
  uploadReason,
} from './findings';
import { usePolled } from './polled';
import { aplural, at } from './texts';

const EVERY_MS = 2000;

export function StatusPage(): JSX.Element {
  const { value: status, readAt, failed } = usePolled(readStatus, EVERY_MS);
  if (failed === 403) {
    return (
      <section class="empty">
        <span class="mark"><Icon name="lock" /></span>
        <h1>{at('admin.scoped_title')}</h1>
        <p>{at('admin.scoped')}</p>
      </section>
    );
  }
  return (
    <div class="status" aria-busy={status === null} data-ready={status !== null && failed === null}>
      <div class="admin-head">
        <h1>{at('admin.status')}</h1>
        <p class="total">
          {status && failed === null && <><span class="pulse" />{at('status.live')} · {at('status.version', { version: status.version })}</>}
        </p>
      </div>
      {failed !== null && <Stale readAt={readAt} failed={failed} />}
      {status === null && failed === null && <div class="spinner" role="status" aria-label={at('status.asking')} />}
      {status && failed === null && <Verdict status={status} />}
      {status && (
        <div class="status-groups">
          <div>
            <Receiving status={status} />
            <Processes status={status} />
          </div>
          <div>
            <Keeping status={status} />
            <Questions status={status} />
          </div>
        </div>
      )}
    </div>
  );
}

/** Why the numbers are old: asked of the server's own checks, which need no sign-in. */
function Stale({ readAt, failed }: { readonly readAt: Date | null; readonly failed: number }): JSX.Element {
  const [checks, setChecks] = useState<readonly string[]>([]);
  useEffect(() => {
    if (failed !== 0) void failingChecks().then(setChecks);
  }, [failed]);
  const moment = readAt === null ? '' : formatMoment(readAt.toISOString(), new Date(), { seconds: true });
  const text = failed === 0
    ? at('status.stale', { moment })
    : at(checks.includes('index') ? 'status.stale_index' : 'status.stale_other', { moment });
  return (
    <p class="verdict" data-level="bad" role="alert">
      <Icon name="offline" />
      <span>{readAt === null && failed === 0 ? at('status.never') : text}</span>
    </p>
  );
}

function Verdict({ status }: { readonly status: Status }): JSX.Element {
  const { bad, attention } = tally(status);
  const level: Level = bad > 0 ? 'bad' : attention > 0 ? 'attention' : 'good';
  return (
    <p class="verdict" data-level={level} role="status">
      <Icon name={level === 'good' ? 'check' : 'warning'} />
      <span>
        {bad > 0 ? aplural('status.broken', bad) : attention > 0 ? aplural('status.attention', attention) : at('status.well')}
        {level === 'good' && <span class="quiet">{at('status.well_hint')}</span>}
      </span>
    </p>
  );
}

interface RowProps {
  readonly name: string;
  readonly level: Level;
  readonly value: ComponentChildren;
  readonly note?: string;
  /** Shown where it is not well: what to do. */
  readonly hint?: string;
  readonly part: string;
  readonly children?: ComponentChildren;
}

function Row({ name, level, value, note, hint, part, children }: RowProps): JSX.Element {
  const ill = level === 'bad' || level === 'attention';
  return (
    <li class="status-row" data-part={part} data-level={level}>
      <span class="status-mark"><Icon name={level === 'good' ? 'check' : level === 'unknown' ? 'more' : 'warning'} /></span>
      <span class="status-name">{name}<span class="visually-hidden">: {at(`status.level.${level}`)}</span></span>
      <span class="status-value number">{value}</span>
      {note !== undefined && note !== '' && <span class="status-note number">{note}</span>}
      {children}
      {ill && hint !== undefined && <span class="status-hint">{at('status.to_do', { hint })}</span>}
    </li>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <section class="status-group">
      <h2>{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

function Receiving({ status }: { readonly status: Status }): JSX.Element {
  const { refused, limit_bytes: limit, last_received_at: last } = status.receiving;
  const rate = rateOf(status);
  const came = last === null
    ? at('status.never_received')
    : at('status.last_received', { duration: formatDuration(secondsBefore(status.at, last)) });
  const pace = rate === null ? at('status.rate_none') : at('status.rate', { images: Math.round(rate.images), bytes: formatBytes(rate.bytes) });
  return (
    <Group title={at('status.group.receiving')}>
      <Row
        part="receiving" name={at('status.receiving')} level={receivingLevel(status)}
        value={refused === null ? at('status.receiving_open') : at('status.receiving_refused')}
        note={[pace, came].join(' · ')} hint={refused === null ? '' : at(`status.refused_${refused}`)}
      />
      {status.disks.map((disk) => <DiskRow key={disk.holds.join()} disk={disk} limit={limit} />)}
    </Group>
  );
}

function DiskRow({ disk, limit }: { readonly disk: Disk; readonly limit: number }): JSX.Element {
  const level = diskLevel(disk, limit);
  const used = disk.total_bytes - disk.free_bytes;
  const parts = disk.holds.map((part) => at(`status.part.${part}`)).join(', ');
  const receives = disk.holds.includes('spool');
  const meter = at('status.disk_meter', { used: formatBytes(used), total: formatBytes(disk.total_bytes) });
  return (
    <Row
      part="disk" name={at('status.disk')} level={level} value={at('status.disk_free', { free: formatBytes(disk.free_bytes) })}
      note={at('status.disk_note', { total: formatBytes(disk.total_bytes), parts })}
      hint={at(level === 'bad' ? 'status.disk_full' : 'status.disk_low', { limit: formatBytes(limit) })}
    >
      <span
        class="meter" role="meter" aria-label={meter} aria-valuemin={0} aria-valuemax={disk.total_bytes} aria-valuenow={used}
        aria-valuetext={meter} style={{ '--used': used / disk.total_bytes, '--limit': 1 - (receives ? limit : 0) / disk.total_bytes }}
      />
      {receives && <span class="status-note number">{at('status.disk_limit', { limit: formatBytes(limit) })}</span>}
    </Row>
  );
}

function Keeping({ status }: { readonly status: Status }): JSX.Element {
  const { object_store: store, index } = status;
  const queues = shownQueues(status);
  return (
    <Group title={at('status.group.keeping')}>
      {queues.some((queue) => queue.here) || <QueueRow queue={NOTHING_WAITS} now={status.at} />}
      {queues.map((queue) => <QueueRow key={queue.node} queue={queue} now={status.at} />)}
      <Row
        part="object_store" name={at('status.object_store')} level={reachLevel(store)} value={at(`status.object_store_${store.kind}`)}
        note={reachText(store)} hint={at(store.kind === 's3' ? 'status.object_store_bad' : 'status.object_store_folder_bad')}
      />
      <Row
        part="index" name={at('status.index')} level={reachLevel(index)} value={at(`status.index_${index.kind}`)} note={reachText(index)}
        hint={at('status.index_bad')}
      />
      {status.cache && (
        <Row
          part="cache" name={at('status.cache')} level="good" value={formatBytes(status.cache.bytes)}
          note={aplural('status.cache_note', status.cache.files)}
        />
      )}
    </Group>
  );
}

/** Of a node that has never had anything to carry. */
const NOTHING_WAITS: Queue = { node: '', here: true, instances: 0, bytes: 0, oldest_at: null, away_since: null, reason: '', failing: 0 };

function QueueRow({ queue, now }: { readonly queue: Queue; readonly now: string }): JSX.Element {
  const level = queueLevel(queue, now);
  const { away_since: away, oldest_at: oldest, failing } = queue;
  const notes = oldest === null
    ? [at('status.queue_empty_note')]
    : [at('status.queue_note', { bytes: formatBytes(queue.bytes), duration: formatDuration(secondsBefore(now, oldest)) })];
  if (away !== null) notes.push(at('status.queue_away', { moment: formatMoment(away) }));
  if (failing > 0) notes.push(aplural('status.queue_failing', failing));
  const slow = level === 'bad' ? 'status.queue_stuck' : 'status.queue_slow';
  return (
    <Row
      part="queue" name={queue.here ? at('status.queue') : at('status.queue_of', { node: queue.node })} level={level}
      value={queue.instances === 0 ? at('status.queue_empty') : formatNumber(queue.instances)} note={notes.join(' · ')}
      hint={at(away !== null || failing > 0 ? `status.reason.${uploadReason(queue)}` : slow)}
    />
  );
}

function reachText({ reachable, since }: Reach): string {
  if (reachable === null || since === null) return at('status.asking');
  return at(reachable ? 'status.reachable' : 'status.unreachable', { moment: formatMoment(since) });
}

function Processes({ status }: { readonly status: Status }): JSX.Element {
  return (
    <Group title={at('status.group.processes')}>
      {status.processes.map((one) => (
        <Row
          key={one.kind} part={`process-${one.kind}`} name={at(`status.process.${one.kind}`)} level={processLevel(one)}
          value={processText(one)} note={one.since === null ? '' : at('status.process_since', { moment: formatMoment(one.since) })}
          hint={at(one.ready === 0 ? 'status.process_bad' : 'status.process_fewer')}
        />
      ))}
    </Group>
  );
}

function processText({ wanted, ready }: ProcessCount): string {
  if (wanted > 0) return at('status.process_count', { ready, wanted });
  return ready > 0 ? at('status.process_alone', { ready }) : at('status.process_elsewhere');
}

function Questions({ status }: { readonly status: Status }): JSX.Element {
  const text = (count: number): string => (count === 0 ? at('status.open_none') : at('status.open_count', { count }));
  return (
    <Group title={at('status.group.questions')}>
      <Row
        part="quarantine" name={at('status.quarantine')} level={openLevel(status.quarantine)} hint={at('status.quarantine_hint')}
        value={<Link href="/admin/quarantine">{text(status.quarantine)}</Link>}
      />
      <Row
        part="discrepancies" name={at('status.discrepancies')} level={openLevel(status.discrepancy)} hint={at('status.discrepancies_hint')}
        value={<Link href="/admin/discrepancies">{text(status.discrepancy)}</Link>}
      />
    </Group>
  );
}
