/** The sign-in page, and the dialog that asks again when a session has ended. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import '../../i18n/pages';
import { Dialog } from '../controls/dialog';
import { LanguageSwitch } from '../controls/language_switch';
import { Mark } from '../icons';
import { safeNext } from '../address';
import { goTo, query } from '../location';
import { session } from '../session';
import { SignInForm } from './form';
import '../../styles/sign_in.css';

export function SignInPage(): JSX.Element {
  const next = safeNext(query.value.get('next'), globalThis.location.origin);
  return (
    <div class="sign-in-page">
      <div class="aperture" aria-hidden="true" />
      <header>
        <LanguageSwitch />
      </header>
      <main id="content">
        <div class="sign-in-card">
          <p class="brand"><Mark />{t('app.name')}</p>
          <h1>{t('sign_in.title')}</h1>
          <p class="lead">{t('sign_in.lead')}</p>
          <SignInForm onSignedIn={() => goTo(next, { replace: true })} />
          <p class="sign-in-help">{t('sign_in.help')}</p>
        </div>
      </main>
    </div>
  );
}

export function SignInAgain(): JSX.Element {
  return (
    <Dialog label={t('sign_in.again_title')} class="sign-in-again">
      <h2>{t('sign_in.again_title')}</h2>
      <p class="lead">{t('sign_in.again_lead')}</p>
      <SignInForm account={session.value?.account ?? ''} onSignedIn={() => undefined} />
    </Dialog>
  );
}
