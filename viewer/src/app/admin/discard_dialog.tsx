/** Asks why a quarantined file is discarded, before it is. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { Dialog } from '../controls/dialog';
import { at } from './texts';

const LONGEST_REASON = 500;

interface DiscardDialogProps {
  readonly onClose: () => void;
  readonly onDiscard: (reason: string) => Promise<void>;
}

export function DiscardDialog({ onClose, onDiscard }: DiscardDialogProps): JSX.Element {
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
    <Dialog label={at('quarantine.discard_title')} onClose={onClose}>
      <form class="discard-form" onSubmit={submit} noValidate>
        <h2>{at('quarantine.discard_title')}</h2>
        <p>{at('quarantine.discard_lead')}</p>
        <label for={id}>{at('quarantine.discard_reason')}</label>
        <textarea
          id={id} class="field" rows={3} maxLength={LONGEST_REASON} required value={reason} aria-invalid={missing}
          aria-describedby={missing ? `${id}-missing` : undefined} autofocus
          onInput={(event) => { setReason(event.currentTarget.value); setMissing(false); }}
        />
        {missing && <p id={`${id}-missing`} class="field-error" role="alert">{at('quarantine.discard_missing')}</p>}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button danger solid" disabled={busy}>{at(busy ? 'quarantine.discarding' : 'quarantine.discard_confirm')}</button>
        </div>
      </form>
    </Dialog>
  );
}
