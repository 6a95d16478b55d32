/** What is taken over from other archives' servers: how far it is, what could not be had, and a way to call it off. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { formatMoment } from '../../i18n/dates';
import { formatBytes } from '../../i18n/quantities';
import { ListBody } from '../admin/list_body';
import { useListing } from '../admin/listing';
import { usePolled } from '../admin/polled';
import { Icon } from '../icons';
import { noticeSignedOut } from '../session';
import { cancelImport, listImports, type Problem, problemsOf, type ServerImport } from './api';
import { standingOf } from './standing';
import { iplural, it } from './texts';
import '../../styles/routing.css';
import '../../styles/imports.css';

const AGAIN_MS = 2000;
const MOST_PROBLEMS = 100;

export function ImportsPage(): JSX.Element {
  const [failed, setFailed] = useState(false);
  const list = useListing('', async (_limit, _offset, signal) => {
    const rows = await listImports(signal);
    return { total: rows.length, rows };
  });
  const polled = usePolled(listImports, AGAIN_MS);
  const rows = polled.value ?? list.rows;
  const cancel = (id: number): void => {
    setFailed(false);
    cancelImport(id).then(list.reload, (reason: unknown) => { if (!noticeSignedOut(reason)) setFailed(true); });
  };
  return (
    <>
      <div class="admin-head"><h1>{it('imports.title')}</h1></div>
      <p class="admin-lead">{it('imports.lead')}</p>
      {failed && <p class="outcome" data-bad role="alert"><Icon name="warning" /><span>{it('imports.failed')}</span></p>}
      <ListBody list={{ ...list, rows, total: rows.length }} icon="download" empty={it('imports.empty')} emptyHint={it('imports.empty_hint')}>
        <ul class="import-list">
          {rows.map((one) => <li key={one.id}><Entry one={one} onCancel={() => cancel(one.id)} /></li>)}
        </ul>
      </ListBody>
    </>
  );
}

function Entry({ one, onCancel }: { readonly one: ServerImport; readonly onCancel: () => void }): JSX.Element {
  const standing = standingOf(one);
  const done = one.stored + one.duplicates + one.gone + one.refused;
  const total = Math.max(one.instances_there, done);
  return (
    <article class="import" data-state={standing}>
      <header class="import-head">
        <span class="badge" data-state={standing}>{it(`imports.state.${standing}`)}</span>
        <h2>{one.address}</h2>
        <span class="secondary">{it('imports.into', { facility: one.facility_code })}</span>
        {one.is_active && (
          <button type="button" class="button small danger" aria-label={it('imports.cancel_of', { server: one.address })} onClick={onCancel}>
            {it('imports.cancel')}
          </button>
        )}
      </header>
      <progress max={Math.max(total, 1)} value={done} aria-label={it('imports.progress', { server: one.address })} />
      <p class="number">{told(one, done, total).join(' · ')}</p>
      {standing === 'interrupted' && <p class="import-note">{it('imports.interrupted', { moment: formatMoment(one.updated_at) })}</p>}
      {one.error !== '' && <p class="import-note">{one.error}</p>}
      {(one.refused > 0 || one.incomplete > 0) && <Problems one={one} />}
    </article>
  );
}

function told(one: ServerImport, done: number, total: number): readonly string[] {
  const said = [it('imports.instances', { done, total })];
  if (one.bytes > 0) said.push(it('imports.bytes', { bytes: formatBytes(one.bytes) }));
  if (one.duplicates > 0) said.push(iplural('imports.duplicates', one.duplicates));
  if (one.gone > 0) said.push(iplural('imports.gone', one.gone));
  if (one.unproven > 0) said.push(iplural('imports.unproven', one.unproven));
  if (one.studies_compared > 0) said.push(it('imports.studies', { complete: one.studies_complete, total: one.studies_compared }));
  said.push(it('imports.moment', { moment: formatMoment(one.updated_at) }));
  return said;
}

function Problems({ one }: { readonly one: ServerImport }): JSX.Element {
  const [problems, setProblems] = useState<readonly Problem[] | null>(null);
  const [failed, setFailed] = useState(false);
  const said = [
    ...(one.refused > 0 ? [iplural('imports.refused', one.refused)] : []),
    ...(one.incomplete > 0 ? [iplural('imports.incomplete', one.incomplete)] : []),
  ];
  const show = (): void => {
    setFailed(false);
    problemsOf(one.id).then(setProblems, (reason: unknown) => { if (!noticeSignedOut(reason)) setFailed(true); });
  };
  return (
    <div class="import-problems">
      <p class="import-note">
        <Icon name="warning" /><span>{said.join(' · ')}</span>
        <button type="button" class="button small" aria-expanded={problems !== null} onClick={problems === null ? show : () => setProblems(null)}>
          {it(problems === null ? 'imports.problems' : 'imports.hide_problems')}
        </button>
      </p>
      {failed && <p class="outcome" data-bad role="alert">{it('imports.failed')}</p>}
      {problems !== null && (
        <ul tabIndex={0} aria-label={it('imports.problems_of', { server: one.address })}>
          {problems.map((problem) => (
            <li key={`${problem.kind} ${problem.subject}`}>
              <span class="secondary">{it(`imports.problem.${problem.kind}`)}</span>
              <span class="number uid">{problem.subject}</span>
              <span>{problem.reason}</span>
            </li>
          ))}
        </ul>
      )}
      {problems !== null && problems.length >= MOST_PROBLEMS && <p class="secondary">{it('imports.more_problems', { shown: MOST_PROBLEMS })}</p>}
    </div>
  );
}
