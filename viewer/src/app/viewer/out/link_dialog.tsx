/** The link to what is on the screen: copied at once where the browser allows it, and shown. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import type { Workspace } from '../workspace';
import { linkTo } from './link_of';
import { OutHeader } from './picture_dialog';
import { ot } from './texts';

interface LinkDialogProps {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}

export function LinkDialog({ workspace, onClose }: LinkDialogProps): JSX.Element {
  const [address] = useState(() => new URL(linkTo(workspace), globalThis.location.origin).href);
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = (): void => {
    field.current?.select();
    // Absent where the page came without encryption: then the text is there, selected.
    const clipboard = (navigator as { readonly clipboard?: Clipboard }).clipboard;
    clipboard?.writeText(address).then(() => setCopied(true), () => undefined);
  };
  useEffect(copy, []);
  return (
    <Dialog label={ot('link.title')} class="out link" onClose={onClose}>
      <OutHeader title={ot('link.title')} onClose={onClose} />
      <div class="link-row">
        <input ref={field} class="field" readOnly value={address} aria-label={ot('link.label')} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="button primary" onClick={copy}><Icon name="copy" />{ot('link.copy')}</button>
      </div>
      <p class="quiet" role="status">{copied ? ot('link.copied') : ''}</p>
      <p class="quiet">{ot('link.note')}</p>
      <div class="dialog-acts"><button type="button" class="button" onClick={onClose}>{t('app.close')}</button></div>
    </Dialog>
  );
}
