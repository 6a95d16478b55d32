/** Buttons that try a machine: does it answer, does it answer queries, does it keep a picture. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { formatDecimal } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { ApiError } from '../api';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { type Machine, testMachine, type TestKind, type TestResult } from './api';
import { nt } from './texts';

const KINDS = ['echo', 'find', 'store'] as const satisfies readonly TestKind[];
const OUTCOMES = [
  'unreachable', 'name', 'tls', 'certificate', 'calling-ae', 'called-ae', 'closed', 'busy', 'rejected', 'not-offered', 'ours',
] as const;

interface Shown {
  readonly kind: TestKind;
  readonly result: TestResult;
}

export function MachineTests({ machine, ours }: { readonly machine: Machine; readonly ours: string }): JSX.Element {
  const [running, setRunning] = useState<TestKind | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const [asking, setAsking] = useState(false);
  const title = machine.ae_title;
  const run = (kind: TestKind): void => {
    setAsking(false);
    setShown(null);
    setRunning(kind);
    testMachine(title, kind).then(
      (result) => setShown({ kind, result }),
      (reason: unknown) => {
        if (noticeSignedOut(reason)) return;
        const message = reason instanceof ApiError ? (reason.detail ?? '') : '';
        setShown({ kind, result: { outcome: 'failed', seconds: 0, message } });
      },
    ).finally(() => setRunning(null));
  };
  return (
    <div class="machine-tests">
      <div role="group" aria-label={nt('machines.tests', { title })}>
        {KINDS.map((kind) => (
          <button
            key={kind} type="button" class="button small" disabled={running !== null} data-test={kind}
            onClick={() => { if (kind === 'store') setAsking(true); else run(kind); }}
          >
            {running === kind ? nt('test.running') : nt(`test.${kind}`)}
          </button>
        ))}
      </div>
      <div role="status">{shown && <Result machine={machine} ours={ours} shown={shown} />}</div>
      {asking && (
        <Dialog label={nt('test.store_ask', { title })} onClose={() => setAsking(false)}>
          <div class="question">
            <h2>{nt('test.store_ask', { title })}</h2>
            <p>{nt('test.store_hint')}</p>
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>{t('app.cancel')}</button>
              <button type="button" class="button primary" onClick={() => run('store')}>{nt('test.store_confirm')}</button>
            </div>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Result({ machine, ours, shown }: { readonly machine: Machine; readonly ours: string; readonly shown: Shown }): JSX.Element {
  const { kind, result } = shown;
  const well = result.outcome === 'well';
  const known = OUTCOMES.find((one) => one === result.outcome) ?? 'failed';
  const values = { title: machine.ae_title, host: machine.host, port: String(machine.port), ours };
  return (
    <p class="test-result" data-outcome={result.outcome} data-level={well ? 'good' : result.outcome === 'not-offered' ? 'attention' : 'bad'}>
      <span class="status-mark"><Icon name={well ? 'check' : 'warning'} /></span>
      <span>
        {well ? nt(`test.${kind}_well`, { title: machine.ae_title, seconds: formatDecimal(result.seconds, 2) }) : nt(`test.${known}`, values)}
        {!well && result.message !== '' && <span class="secondary" lang="en">{result.message}</span>}
      </span>
    </p>
  );
}
