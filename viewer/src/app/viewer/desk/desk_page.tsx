/** What the desk puts on the page beside the cells: a word when something cannot be done, and its dialogs. */
import { useEffect } from 'preact/hooks';
import type { JSX } from 'preact';

import { t } from '../../../i18n/locale';
import { Icon } from '../../icons';
import type { DeskProps } from './desk';
import { HelpDialog } from './help';
import { SaveLayout } from './save_layout';
import { ScreenDialog } from './screen_dialog';
import { lt } from './texts';
import '../../../styles/desk.css';

const NOTICE_MS = 8000;

export function DeskPage({ desk }: DeskProps): JSX.Element {
  const { helpShown } = desk.workspace;
  return (
    <>
      <Notice desk={desk} />
      {helpShown.value && <HelpDialog onClose={() => { helpShown.value = false; }} />}
      {desk.hanging.saving.value && <SaveLayout desk={desk} />}
      {desk.secondWindow.waiting.value && <p class="desk-waiting" role="status">{lt('window.waiting')}</p>}
      {desk.scale.measuring.value && <ScreenDialog desk={desk} />}
    </>
  );
}

function Notice({ desk }: DeskProps): JSX.Element {
  const words = desk.notice.value;
  const close = (): void => { desk.notice.value = null; };
  useEffect(() => {
    if (words === null) return undefined;
    const timer = setTimeout(close, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <div role="status">
      {words !== null && (
        <div class="desk-notice">
          <span>{words}</span>
          <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={close}><Icon name="close" /></button>
        </div>
      )}
    </div>
  );
}
