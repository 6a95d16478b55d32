/** Which page is shown, and to whom. */
import { useSignalEffect } from '@preact/signals';
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { locale, t } from '../i18n/locale';
import { Later, useLater } from './controls/later';
import { MessagePage } from './controls/message_page';
import { goTo, path, query } from './location';
import { expired, isAdministrator, loadSession, session } from './session';
import { bootManifest } from './viewer/boot';
import { ViewerPage } from './viewer/page';

/** The text font comes after the first picture: on a thin link nothing may stand before the image. */
async function loadFont(): Promise<void> {
  await import('../styles/fonts.css');
}

export function App(): JSX.Element {
  const [unreachable, setUnreachable] = useState(false);
  useSignalEffect(() => {
    document.documentElement.lang = locale.value;
  });
  useEffect(() => {
    // A page that came with its manifest was given to somebody signed in: it need not wait for the answer.
    loadSession().catch(() => setUnreachable(true));
    if (path.peek() !== '/viewer') void loadFont();
  }, []);
  useSignalEffect(() => {
    const here = path.value + (query.value.size > 0 ? `?${query.value.toString()}` : '');
    if (session.value === null && path.value !== '/sign-in') {
      goTo(path.value === '/' && query.value.size === 0 ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`, { replace: true });
    }
  });
  const known = session.value !== undefined;
  return (
    <>
      <a class="skip-link" href="#content">{t('app.skip')}</a>
      {unreachable && !known
        ? <Unreachable onRetry={() => loadSession().then(() => setUnreachable(false), () => undefined)} />
        : <Page known={known} onFirstPicture={() => void loadFont()} />}
      <SignInAgainLater />
    </>
  );
}

function Unreachable({ onRetry }: { readonly onRetry: () => Promise<void> }): JSX.Element {
  return (
    <MessagePage icon="offline" title={t('error.unreachable_title')} text={t('error.unreachable')}>
      <button type="button" class="button primary" onClick={() => void onRetry()}>{t('app.retry')}</button>
    </MessagePage>
  );
}

function isAdminPath(address: string): boolean {
  return address === '/admin' || address.startsWith('/admin/');
}

/** In a chunk of its own: readers never load it. */
async function loadAdminPage(): Promise<FunctionComponent> {
  const { AdminPage } = await import('./admin/page');
  return AdminPage;
}

/** Apart from the viewer, whose first image nothing may keep waiting. */
async function loadStudiesPage(): Promise<FunctionComponent> {
  const { StudiesPage } = await import('./studies/page');
  return StudiesPage;
}

async function loadTrayPage(): Promise<FunctionComponent> {
  const { TrayPage } = await import('./tray/page');
  return TrayPage;
}

async function loadSignInPage(): Promise<FunctionComponent> {
  const { SignInPage } = await import('./sign_in/page');
  return SignInPage;
}

async function loadSignInAgain(): Promise<FunctionComponent> {
  const { SignInAgain } = await import('./sign_in/page');
  return SignInAgain;
}

function SignInAgainLater(): JSX.Element | null {
  const Loaded = useLater(loadSignInAgain, expired.value);
  return expired.value && Loaded ? <Loaded /> : null;
}

async function loadMonitorPage(): Promise<FunctionComponent> {
  const { MonitorPage } = await import('./monitor/page');
  return MonitorPage;
}

async function loadOrdersPage(): Promise<FunctionComponent> {
  const { OrdersPage } = await import('./orders/page');
  return OrdersPage;
}

function NotAdministrator(): JSX.Element {
  return (
    <MessagePage icon="lock" title={t('error.forbidden_title')} text={t('error.administrators_only')}>
      <button type="button" class="button primary" onClick={() => goTo('/')}>{t('viewer.back')}</button>
    </MessagePage>
  );
}

function Page({ known, onFirstPicture }: { readonly known: boolean; readonly onFirstPicture: () => void }): JSX.Element | null {
  if (path.value === '/sign-in') return <Later key="sign-in" load={loadSignInPage} />;
  if (path.value === '/viewer' && (known || bootManifest() !== null) && session.value !== null) {
    return <ViewerPage key={query.value.get('StudyInstanceUIDs')} onFirstPicture={onFirstPicture} />;
  }
  if (!known || session.value === null) return null;
  if (path.value === '/') return <Later key="studies" load={loadStudiesPage} />;
  if (path.value === '/monitor') return <Later key="monitor" load={loadMonitorPage} />;
  if (path.value === '/orders') return <Later key="orders" load={loadOrdersPage} />;
  if (path.value === '/tray') return <Later key="tray" load={loadTrayPage} />;
  if (isAdminPath(path.value)) {
    return isAdministrator.value ? <Later key="admin" load={loadAdminPage} /> : <NotAdministrator />;
  }
  return (
    <MessagePage icon="search" title={t('error.page_title')} text={t('error.page')}>
      <button type="button" class="button primary" onClick={() => goTo('/')}>{t('viewer.back')}</button>
    </MessagePage>
  );
}
