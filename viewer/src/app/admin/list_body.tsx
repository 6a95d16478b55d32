/** What stands in the place of a list that is loading, cannot be read or is empty; and the button for more of it. */
import type { ComponentChildren, JSX } from 'preact';

import { t } from '../../i18n/locale';
import { Icon, type IconName } from '../icons';
import type { Listing, ListPage } from './listing';
import { at } from './texts';

interface ListBodyProps {
  readonly list: Pick<Listing<ListPage<unknown>>, 'state' | 'rows' | 'total' | 'more' | 'reload'>;
  readonly icon: IconName;
  readonly empty: string;
  readonly emptyHint: string;
  readonly children: ComponentChildren;
}

export function ListBody({ list, icon, empty, emptyHint, children }: ListBodyProps): JSX.Element {
  if (list.state === 'failed') {
    return (
      <section class="empty" role="alert">
        <span class="mark"><Icon name="warning" /></span>
        <h2>{at('admin.failed')}</h2>
        <button type="button" class="button" onClick={list.reload}>{t('app.retry')}</button>
      </section>
    );
  }
  if (list.state === 'loading') return <section class="empty"><div class="spinner" role="status" aria-label={t('app.loading')} /></section>;
  if (list.rows.length === 0) {
    return (
      <section class="empty">
        <span class="mark"><Icon name={icon} /></span>
        <h2>{empty}</h2>
        <p>{emptyHint}</p>
      </section>
    );
  }
  return (
    <>
      {children}
      {list.rows.length < list.total && <button type="button" class="button more" onClick={list.more}>{at('admin.more')}</button>}
    </>
  );
}
