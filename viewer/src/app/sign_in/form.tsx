/** Account and password, with every refusal in plain words. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { plural, t } from '../../i18n/locale';
import '../../i18n/pages';
import { ApiError } from '../api';
import { Icon } from '../icons';
import { signIn } from '../session';

type Refusal =
  | { readonly kind: 'missing_account' | 'missing_password' | 'wrong' | 'unreachable' }
  | { readonly kind: 'too_many'; readonly until: number }
  | { readonly kind: 'failed'; readonly status: number };

const DEFAULT_WAIT_S = 30;

function refusalOf(reason: unknown): Refusal {
  if (!(reason instanceof ApiError)) return { kind: 'unreachable' };
  if (reason.status === 0) return { kind: 'unreachable' };
  if (reason.status === 429) return { kind: 'too_many', until: Date.now() + (reason.retryAfter ?? DEFAULT_WAIT_S) * 1000 };
  if (reason.status === 401 || reason.status === 422 || reason.status === 400) return { kind: 'wrong' };
  return { kind: 'failed', status: reason.status };
}

function refusalText(refusal: Refusal, secondsLeft: number): string {
  switch (refusal.kind) {
    case 'too_many': return plural('sign_in.too_many', secondsLeft);
    case 'failed': return t('sign_in.failed', { status: refusal.status });
    default: return t(`sign_in.${refusal.kind}`);
  }
}

/** Whole seconds until a moment, counted down each second; 0 without one. */
function useSecondsLeft(until: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}

interface FormProps {
  readonly account?: string;
  readonly onSignedIn: () => void;
}

export function SignInForm({ account: knownAccount = '', onSignedIn }: FormProps): JSX.Element {
  const [account, setAccount] = useState(knownAccount);
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const accountField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const secondsLeft = useSecondsLeft(refusal?.kind === 'too_many' ? refusal.until : null);
  const waiting = refusal?.kind === 'too_many' && secondsLeft > 0;

  useEffect(() => {
    (knownAccount === '' ? accountField : passwordField).current?.focus();
  }, [knownAccount]);

  const submit = async (): Promise<void> => {
    if (busy || waiting) return;
    if (account.trim() === '') {
      setRefusal({ kind: 'missing_account' });
      accountField.current?.focus();
      return;
    }
    if (password === '') {
      setRefusal({ kind: 'missing_password' });
      passwordField.current?.focus();
      return;
    }
    setBusy(true);
    setRefusal(null);
    try {
      await signIn(account.trim(), password);
      onSignedIn();
    } catch (reason) {
      setRefusal(refusalOf(reason));
      setBusy(false);
      passwordField.current?.select();
    }
  };
  const wrongAccount = refusal?.kind === 'missing_account' || refusal?.kind === 'wrong';
  const wrongPassword = refusal?.kind === 'missing_password' || refusal?.kind === 'wrong';
  const text = refusal === null || (refusal.kind === 'too_many' && !waiting) ? '' : refusalText(refusal, secondsLeft);
  return (
    <form class="sign-in-form" noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <label>
        <span>{t('sign_in.account')}</span>
        <input
          ref={accountField} class="field" name="username" autocomplete="username" autocapitalize="none" spellcheck={false}
          required autofocus={knownAccount === ''} value={account} aria-invalid={wrongAccount} aria-describedby="sign-in-refusal"
          onInput={(event) => setAccount(event.currentTarget.value)}
        />
      </label>
      <div class="password">
        <label for="sign-in-password">{t('sign_in.password')}</label>
        <input
          ref={passwordField} id="sign-in-password" class="field" name="password"
          {...(shown ? { type: 'text' as const } : { type: 'password' as const })} autocomplete="current-password" required autofocus={knownAccount !== ''} value={password} aria-invalid={wrongPassword}
          aria-describedby="sign-in-refusal" onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <button
          type="button" class="icon-button" aria-pressed={shown} aria-label={t('sign_in.show_password')}
          title={shown ? t('sign_in.hide_password') : t('sign_in.show_password')} onClick={() => setShown(!shown)}
        >
          <Icon name={shown ? 'eye_off' : 'eye'} />
        </button>
      </div>
      <p id="sign-in-refusal" class="refusal" role="alert">
        {text !== '' && <Icon name="warning" />}
        {text}
      </p>
      <button class="button primary" type="submit" disabled={waiting} aria-busy={busy}>
        {busy ? t('sign_in.busy') : t('sign_in.submit')}
      </button>
    </form>
  );
}
