/** The modality doctor: each refusal in plain words, with what to do, and for the engineer what was said on the wire. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { usePolled } from '../admin/polled';
import { Link } from '../controls/link';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { dismissFinding, type Finding, readFindings, readMachines } from './api';
import { diagnose, evidence } from './diagnosis';
import { nplural, nt } from './texts';

const EVERY_MS = 3000;
const SHOWN_AT_FIRST = 12;

export function Doctor(): JSX.Element {
  const { value: found, failed } = usePolled(readFindings, EVERY_MS);
  const registered = useRegistered();
  const [done, setDone] = useState<ReadonlySet<number>>(new Set());
  const [all, setAll] = useState(false);
  const findings = (found?.findings ?? []).filter((one) => !done.has(one.id));
  const dismiss = (id: number): void => {
    dismissFinding(id).then(() => setDone((before) => new Set([...before, id])), noticeSignedOut);
  };
  return (
    <section class="network-section" aria-labelledby="doctor-title" data-ready={found !== null}>
      <h2 id="doctor-title">{nt('doctor.title')}</h2>
      {found !== null && failed === null && findings.length === 0 && (
        <p class="verdict" data-level="good" role="status">
          <Icon name="check" />
          <span>{nt('doctor.well')}<span class="quiet">{nt('doctor.well_hint')}</span></span>
        </p>
      )}
      <ul class="doctor-list">
        {findings.slice(0, all ? undefined : SHOWN_AT_FIRST).map((one) => (
          <li key={one.id}><Case finding={one} ours={found?.own_ae_title ?? ''} registered={registered} onDismiss={() => dismiss(one.id)} /></li>
        ))}
      </ul>
      {!all && findings.length > SHOWN_AT_FIRST && (
        <button type="button" class="button more" onClick={() => setAll(true)}>+{findings.length - SHOWN_AT_FIRST}</button>
      )}
    </section>
  );
}

function useRegistered(): ReadonlySet<string> {
  const [registered, setRegistered] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    readMachines().then(
      ({ machines }) => setRegistered(new Set(machines.map((one) => one.ae_title))),
      noticeSignedOut,
    );
  }, []);
  return registered;
}

interface CaseProps {
  readonly finding: Finding;
  readonly ours: string;
  readonly registered: ReadonlySet<string>;
  readonly onDismiss: () => void;
}

function Case({ finding, ours, registered, onDismiss }: CaseProps): JSX.Element {
  const { title, fix, values, remedy, severity } = diagnose(finding, ours, registered);
  const text = nt(title, values);
  const machine = new URLSearchParams({ ae_title: finding.calling_ae_title });
  const newcomer = new URLSearchParams({ new: finding.calling_ae_title, host: finding.address });
  return (
    <article class="doctor-case" data-cause={finding.cause} data-level={severity}>
      <span class="status-mark"><Icon name="warning" /></span>
      <div>
        <h3>{text}</h3>
        <p class="doctor-fix"><strong>{nt('doctor.fix')}: </strong>{nt(fix, values)}</p>
        <details>
          <summary>{nt('doctor.evidence')}</summary>
          <ul class="doctor-evidence">{evidence(finding).map((line) => <li key={line}>{line}</li>)}</ul>
        </details>
      </div>
      <div class="doctor-side">
        <p class="secondary number">{nplural('doctor.times', finding.times)} · {nt('doctor.last', { moment: formatMoment(finding.last_at) })}</p>
        <div class="doctor-acts">
          {remedy === 'register' && <Link href={`/admin/machines?${newcomer.toString()}`} class="button small primary">{nt('doctor.register')}</Link>}
          {remedy === 'machine' && <Link href={`/admin/machines?${machine.toString()}`} class="button small">{nt('doctor.open_machine')}</Link>}
          <button type="button" class="button small" aria-label={nt('doctor.dismiss_of', { title: text })} onClick={onDismiss}>{nt('doctor.dismiss')}</button>
        </div>
      </div>
    </article>
  );
}
