/** What the keys of the list do. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import '../../i18n/pages';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { st } from './texts';

type HelpKey = 'search' | 'to_list' | 'move' | 'page' | 'ends' | 'open_study' | 'details' | 'priors' | 'clear' | 'filters' | 'saved' | 'columns' | 'ranges' | 'next' | 'help';

/** Marks on the keys; they are the same on every keyboard. */
const [SLASH, DOWN, UP, RIGHT, ONE, SIX, NEXT, PREVIOUS, QUESTION, F, S, C] = ['/', '↓', '↑', '→', '1', '6', ']', '[', '?', 'F', 'S', 'C'];

export function ListHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const groups: readonly (readonly ['list' | 'filters' | 'other', readonly (readonly [readonly (string | undefined)[], HelpKey])[]])[] = [
    ['list', [
      [[DOWN, UP], 'move'], [[st('key.page_down'), st('key.page_up')], 'page'], [[st('key.home'), st('key.end')], 'ends'],
      [[st('key.enter')], 'open_study'], [[t('key.space')], 'details'], [[RIGHT], 'priors'], [[st('key.escape')], 'clear'],
    ]],
    ['filters', [
      [[SLASH], 'search'], [[DOWN, st('key.enter')], 'to_list'], [[ONE, SIX], 'ranges'], [[F], 'filters'], [[S], 'saved'], [[C], 'columns'],
    ]],
    ['other', [[[NEXT, PREVIOUS], 'next'], [[QUESTION], 'help']]],
  ];
  return (
    <Dialog label={st('help.title')} class="list-dialog list-help" onClose={onClose}>
      <header>
        <h2>{st('help.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
      </header>
      {groups.map(([group, keys]) => (
        <section key={group}>
          <h3>{st(`help.group.${group}`)}</h3>
          <dl>
            {keys.map(([caps, what]) => (
              <div key={what}>
                <dt>{caps.map((cap) => <kbd key={cap}>{cap}</kbd>)}</dt>
                <dd>{st(`help.${what}`)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
