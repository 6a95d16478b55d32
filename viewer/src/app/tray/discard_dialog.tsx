/** Asks why a film is discarded, before it is. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { Dialog } from '../controls/dialog';
import { tt } from './texts';

const LONGEST_REASON = 500;

interface DiscardFilmDialogProps {
  readonly onClose: () => void;
  readonly onDiscard: (reason: string) => Promise<void>;
}

export function DiscardFilmDialog({ onClose, onDiscard }: DiscardFilmDialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (reason.trim() === '') {
      setMissing(true);
      return;
    }
    setBusy(true);
    void onDiscard(reason.trim()).finally(() => setBusy(false));
  };
  return (
    <Dialog label={tt('tray.discard_title')} onClose={onClose}>
      <form class="tray-dialog" onSubmit={submit} noValidate>
        <h2>{tt('tray.discard_title')}</h2>
        <p>{tt('tray.discard_lead')}</p>
        <label for={id}>{tt('tray.discard_reason')}</label>
        <textarea
          id={id} class="field" rows={3} maxLength={LONGEST_REASON} required value={reason} aria-invalid={missing}
          aria-describedby={missing ? `${id}-missing` : undefined} autofocus
          onInput={(event) => { setReason(event.currentTarget.value); setMissing(false); }}
        />
        {missing && <p id={`${id}-missing`} class="field-error" role="alert">{tt('tray.discard_missing')}</p>}
        <div class="tray-dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button tray-danger" disabled={busy}>{tt('tray.discard')}</button>
        </div>
      </form>
    </Dialog>
  );
}
