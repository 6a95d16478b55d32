/** The map of the keys, made from the commands themselves. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { type CommandGroup, COMMANDS } from './commands';
import { keyCap } from './toolbar';

const GROUPS: readonly CommandGroup[] = ['scroll', 'tools', 'display', 'presets', 'layout'];

export function HelpDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog label={t('help.title')} class="help" onClose={onClose}>
      <header>
        <h2>{t('help.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="help-groups">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`help.group.${group}`)}</h3>
            <dl>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <div key={command.id}>
                  <dt><kbd>{keyCap(command.stroke)}</kbd></dt>
                  <dd>{t(command.label)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="quiet">{t('help.mouse')}</p>
    </Dialog>
  );
}
