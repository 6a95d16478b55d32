/** One quarantined file: whose it is, how it differs from what is kept, and what can be done with it. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import { formatBytes } from '../../i18n/quantities';
import { viewerAddress } from '../address';
import { ApiError } from '../api';
import { Link } from '../controls/link';
import { ReasonDialog } from '../controls/reason_dialog';
import { Icon } from '../icons';
import { noticeSignedOut, onResume } from '../session';
import { discardQuarantined, quarantinedFile, type QuarantineDetail, readQuarantined, retryQuarantined } from './api';
import { ComparisonTable } from './comparison';
import { settledText, sourceText } from './quarantine_text';
import { at } from './texts';

type Loaded = QuarantineDetail | 'loading' | 'gone' | 'failed';
interface Outcome {
  readonly text: string;
  readonly bad: boolean;
  /** The study the file is in now. */
  readonly study?: string;
}

function useQuarantined(id: number): { readonly loaded: Loaded; readonly reload: () => void } {
  const [loaded, setLoaded] = useState<Loaded>('loading');
  const [generation, setGeneration] = useState(0);
  const reload = (): void => setGeneration((before) => before + 1);
  useEffect(() => {
    const abort = new AbortController();
    readQuarantined(id, abort.signal).then(setLoaded, (reason: unknown) => {
      if (abort.signal.aborted || noticeSignedOut(reason)) return;
      const gone = reason instanceof ApiError && (reason.status === 404 || reason.status === 403);
      setLoaded(gone ? 'gone' : 'failed');
    });
    return () => abort.abort();
  }, [id, generation]);
  useEffect(() => onResume(reload), []);
  return { loaded, reload };
}

/** What the server answered, in words for a person. */
function reasonText(reason: unknown): string {
  if (!(reason instanceof ApiError) || reason.status === 0) return at('quarantine.act_unreachable');
  return at('quarantine.act_failed', { reason: reason.detail ?? String(reason.status) });
}

export function QuarantineDetailPage({ id }: { readonly id: number }): JSX.Element {
  const { loaded, reload } = useQuarantined(id);
  return (
    <>
      <Link href="/admin/quarantine" class="up-link"><Icon name="chevron_left" />{at('quarantine.back')}</Link>
      {loaded === 'loading' && <section class="empty"><div class="spinner" role="status" aria-label={t('app.loading')} /></section>}
      {(loaded === 'gone' || loaded === 'failed') && (
        <section class="empty" role="alert">
          <span class="mark"><Icon name="quarantine" /></span>
          <h1>{loaded === 'gone' ? at('quarantine.gone_title') : at('admin.failed')}</h1>
          {loaded === 'gone' ? <p>{at('quarantine.gone')}</p> : <button type="button" class="button" onClick={reload}>{t('app.retry')}</button>}
        </section>
      )}
      {typeof loaded === 'object' && <Entry entry={loaded} onChanged={reload} />}
    </>
  );
}

function Entry({ entry, onChanged }: { readonly entry: QuarantineDetail; readonly onChanged: () => void }): JSX.Element {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const name = personName(entry.patient_name) || at('quarantine.no_patient');
  return (
    <article class="quarantine-entry" data-state={entry.state}>
      <div class="admin-head">
        <h1>{name}</h1>
        <span class="badge" data-kind={entry.kind}>{at(`quarantine.kind.${entry.kind}`)}</span>
      </div>
      <p class="admin-lead">{at(`quarantine.kind_hint.${entry.kind}`)}</p>
      {outcome && <OutcomeLine outcome={outcome} />}
      {entry.state === 'open'
        ? <Acts entry={entry} onOutcome={(next) => { setOutcome(next); onChanged(); }} />
        : <p class="settled"><Icon name="check" />{settledText(entry)}</p>}
      {entry.comparison && (
        <>
          <h2>{at('quarantine.comparison')}</h2>
          <ComparisonTable comparison={entry.comparison} entry={entry} />
        </>
      )}
      <h2>{at('quarantine.facts')}</h2>
      <Facts entry={entry} />
      {!entry.comparison && <p class="quiet">{at('quarantine.no_comparison')} <span lang="en">{entry.comparison_note}</span></p>}
    </article>
  );
}

function OutcomeLine({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  return (
    <p class="outcome" data-bad={outcome.bad} role={outcome.bad ? 'alert' : 'status'}>
      <Icon name={outcome.bad ? 'warning' : 'check'} />
      <span>{outcome.text}</span>
      {outcome.study !== undefined && <Link href={viewerAddress([outcome.study])}>{at('quarantine.open_retried')}</Link>}
    </p>
  );
}

interface ActsProps {
  readonly entry: QuarantineDetail;
  readonly onOutcome: (outcome: Outcome) => void;
}

function Acts({ entry, onOutcome }: ActsProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  if (!entry.here) return <p class="outcome" data-bad><Icon name="warning" />{at('quarantine.elsewhere', { host: entry.host || entry.node })}</p>;
  const retry = async (): Promise<void> => {
    setBusy(true);
    try {
      const { study_instance_uid: study } = await retryQuarantined(entry.id);
      onOutcome({ text: at('quarantine.retried'), bad: false, study });
    } catch (reason) {
      if (noticeSignedOut(reason)) return;
      const refused = reason instanceof ApiError && reason.status !== 0;
      onOutcome({ text: refused ? at('quarantine.retry_refused', { reason: reason.detail ?? String(reason.status) }) : reasonText(reason), bad: true });
    } finally {
      setBusy(false);
    }
  };
  const discard = async (reason: string): Promise<void> => {
    try {
      await discardQuarantined(entry.id, reason);
      onOutcome({ text: at('quarantine.discarded'), bad: false });
    } catch (failure) {
      if (!noticeSignedOut(failure)) onOutcome({ text: reasonText(failure), bad: true });
    } finally {
      setAsking(false);
    }
  };
  return (
    <div class="acts">
      <a class="button" href={quarantinedFile(entry.id)} download><Icon name="download" />{at('quarantine.download')}</a>
      {entry.kind === 'damaged' && (
        <button type="button" class="button" disabled={busy} onClick={() => void retry()}><Icon name="reset" />{at('quarantine.retry')}</button>
      )}
      <button type="button" class="button danger" disabled={busy} onClick={() => setAsking(true)}><Icon name="remove" />{at('quarantine.discard')}</button>
      {asking && (
        <ReasonDialog
          title={at('quarantine.discard_title')} lead={at('quarantine.discard_lead')} label={at('quarantine.discard_reason')}
          missing={at('quarantine.discard_missing')} act={at('quarantine.discard_confirm')} acting={at('quarantine.discarding')}
          onClose={() => setAsking(false)} onAct={discard}
        />
      )}
    </div>
  );
}

function Facts({ entry }: { readonly entry: QuarantineDetail }): JSX.Element {
  const again = entry.times_received > 1 && entry.last_received_at !== null
    ? at('quarantine.times', { count: entry.times_received, moment: formatMoment(entry.last_received_at) })
    : '';
  const facts: readonly (readonly [string, string])[] = [
    [at('quarantine.fact.patient_id'), entry.patient_id],
    [at('quarantine.fact.received'), formatMoment(entry.received_at, new Date(), { seconds: true })],
    [at('quarantine.fact.times'), again],
    [at('quarantine.fact.source'), sourceText(entry)],
    [at('quarantine.fact.facility'), entry.facility ? entry.facility.name || entry.facility.code : ''],
    [at('quarantine.fact.size'), formatBytes(entry.size)],
    [at('quarantine.fact.node'), entry.here ? '' : entry.host || entry.node],
    [at('quarantine.fact.sop'), entry.sop_instance_uid],
    [at('quarantine.fact.study'), entry.study_instance_uid],
    [at('quarantine.fact.reason'), entry.kind === 'damaged' ? entry.reason : ''],
  ];
  return (
    <dl class="facts wide">
      {facts.filter(([, value]) => value !== '').map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
