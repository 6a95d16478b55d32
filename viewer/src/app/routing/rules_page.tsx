/** The forwarding rules. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { ApiError } from '../api';
import { at } from '../admin/texts';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { noticeSignedOut, onResume } from '../session';
import { listRoutes, removeRoute, type Route, type Routes, saveRoute } from './api';
import { RuleForm, ruleOf } from './rule_form';
import { conditionsOf, sendingOf } from './rule_text';
import { rt } from './texts';
import '../../styles/routing.css';

type Open = { readonly kind: 'form'; readonly route: Route | undefined } | { readonly kind: 'remove'; readonly route: Route } | null;

export function RulesPage(): JSX.Element {
  const [found, setFound] = useState<Routes | null>(null);
  const [failed, setFailed] = useState(false);
  const [problem, setProblem] = useState('');
  const [open, setOpen] = useState<Open>(null);
  const [generation, setGeneration] = useState(0);
  const reload = (): void => setGeneration((before) => before + 1);
  useEffect(() => {
    const abort = new AbortController();
    listRoutes(abort.signal).then(
      (routes) => { setFound(routes); setFailed(false); },
      (reason: unknown) => { if (!abort.signal.aborted && !noticeSignedOut(reason)) setFailed(true); },
    );
    return () => abort.abort();
  }, [generation]);
  useEffect(() => onResume(reload), []);
  const act = (work: Promise<unknown>): void => {
    setProblem('');
    work.then(reload, (reason: unknown) => {
      if (noticeSignedOut(reason)) return;
      setProblem(rt('routes.failed', { reason: reason instanceof ApiError ? reason.detail ?? String(reason.status) : '' }));
    });
  };
  const close = (): void => setOpen(null);
  return (
    <>
      <div class="admin-head">
        <h1>{rt('routes.title')}</h1>
        <button type="button" class="button primary" disabled={found === null} onClick={() => setOpen({ kind: 'form', route: undefined })}>{rt('routes.add')}</button>
      </div>
      <p class="admin-lead">{rt('routes.lead')}</p>
      {problem !== '' && <p class="outcome" data-bad role="alert"><Icon name="warning" /><span>{problem}</span></p>}
      {failed && found === null && <Failed onRetry={reload} />}
      {!failed && found === null && <section class="empty"><div class="spinner" role="status" aria-label={t('app.loading')} /></section>}
      {found?.routes.length === 0 && (
        <section class="empty">
          <span class="mark"><Icon name="arrow_right" /></span>
          <h2>{rt('routes.empty')}</h2>
          <p>{rt('routes.empty_hint')}</p>
        </section>
      )}
      <ul class="rule-list">
        {found?.routes.map((route) => (
          <li key={route.id}>
            <Rule
              route={route} onEdit={() => setOpen({ kind: 'form', route })} onRemove={() => setOpen({ kind: 'remove', route })}
              onSwitch={() => act(saveRoute(route.id, { ...ruleOf(route), enabled: !route.enabled }))}
            />
          </li>
        ))}
      </ul>
      {open?.kind === 'form' && found && (
        <RuleForm route={open.route} machines={found.machines} onClose={close} onSaved={() => { close(); reload(); }} />
      )}
      {open?.kind === 'remove' && (
        <RemoveDialog route={open.route} onClose={close} onRemove={() => { close(); act(removeRoute(open.route.id)); }} />
      )}
    </>
  );
}

function Failed({ onRetry }: { readonly onRetry: () => void }): JSX.Element {
  return (
    <section class="empty" role="alert">
      <span class="mark"><Icon name="warning" /></span>
      <h2>{at('admin.failed')}</h2>
      <button type="button" class="button" onClick={onRetry}>{t('app.retry')}</button>
    </section>
  );
}

interface RuleProps {
  readonly route: Route;
  readonly onEdit: () => void;
  readonly onSwitch: () => void;
  readonly onRemove: () => void;
}

function Rule({ route, onEdit, onSwitch, onRemove }: RuleProps): JSX.Element {
  return (
    <article class="rule" data-enabled={route.enabled}>
      <div class="rule-head">
        <h2>{route.name}</h2>
        <span class="badge" data-state={route.enabled ? 'done' : 'cancelled'}>{rt(route.enabled ? 'routes.in_force' : 'routes.suspended')}</span>
      </div>
      <p class="rule-flow">
        <span>{conditionsOf(route).join(' · ')}</span>
        <Icon name="arrow_right" />
        <strong>{route.destinations.join(', ')}</strong>
      </p>
      <p class="secondary">{sendingOf(route).join(' · ')}</p>
      <div class="rule-acts">
        <button type="button" class="button small" onClick={onEdit}>{rt('routes.edit')}</button>
        <button type="button" class="button small" onClick={onSwitch}>{rt(route.enabled ? 'routes.suspend' : 'routes.resume')}</button>
        <button type="button" class="button small danger" onClick={onRemove}>{rt('routes.remove')}</button>
      </div>
    </article>
  );
}

interface RemoveProps {
  readonly route: Route;
  readonly onClose: () => void;
  readonly onRemove: () => void;
}

function RemoveDialog({ route, onClose, onRemove }: RemoveProps): JSX.Element {
  const title = rt('routes.remove_title', { name: route.name });
  return (
    <Dialog label={title} onClose={onClose}>
      <h2>{title}</h2>
      <p>{rt('routes.remove_hint')}</p>
      <div class="dialog-acts">
        <button type="button" class="button" autofocus onClick={onClose}>{t('app.cancel')}</button>
        <button type="button" class="button danger solid" onClick={onRemove}>{rt('routes.remove')}</button>
      </div>
    </Dialog>
  );
}
