/** Asks why something is done that cannot be undone, before it is. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { Dialog } from './dialog';

const LONGEST_REASON = 500;

interface ReasonDialogProps {
  readonly title: string;
  readonly lead: string;
  readonly label: string;
  /** What is said when no reason is given. */
  readonly missing: string;
  readonly act: string;
  /** What the button says meanwhile. */
  readonly acting: string;
  readonly onClose: () => void;
  readonly onAct: (reason: string) => Promise<void>;
}

export function ReasonDialog({ title, lead, label, missing, act, acting, onClose, onAct }: ReasonDialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [isMissing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (reason.trim() === '') {
      setMissing(true);
      return;
    }
    setBusy(true);
    void onAct(reason.trim()).finally(() => setBusy(false));
  };
  return (
    <Dialog label={title} onClose={onClose}>
      <form class="question" onSubmit={submit} noValidate>
        <h2>{title}</h2>
        <p>{lead}</p>
        <label for={id}>{label}</label>
        <textarea
          id={id} class="field" rows={3} maxLength={LONGEST_REASON} required value={reason} aria-invalid={isMissing}
          aria-describedby={isMissing ? `${id}-missing` : undefined} autofocus
          onInput={(event) => { setReason(event.currentTarget.value); setMissing(false); }}
        />
        {isMissing && <p id={`${id}-missing`} class="field-error" role="alert">{missing}</p>}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button danger solid" disabled={busy}>{busy ? acting : act}</button>
        </div>
      </form>
    </Dialog>
  );
}
