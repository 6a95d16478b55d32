/** The map of the keys, made from the commands themselves; each key can be changed here. */
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { t } from '../../../i18n/locale';
import '../../../i18n/pages';
import { Dialog } from '../../controls/dialog';
import { Icon } from '../../icons';
import { type Command, type CommandGroup, COMMANDS, labelOf } from '../commands';
import { hasOwnStrokes, keyCap, strokeOf } from '../key_map';
import { holderOf, rebind, restoreKeys, strokeOfPress } from './own_keys';
import { lt } from './texts';

const GROUPS: readonly CommandGroup[] = ['scroll', 'tools', 'display', 'presets', 'layout'];

export function HelpDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [said, setSaid] = useState('');
  const [waiting, setWaiting] = useState<string | null>(null);
  const kept = (work: Promise<void>, words: string): void => {
    work.then(() => setSaid(words), () => setSaid(lt('keys.not_kept')));
  };
  const onPress = (command: Command, event: KeyboardEvent): void => {
    if (event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Shift') return;
    setWaiting(null);
    if (event.key === 'Escape') return;
    const stroke = strokeOfPress(event);
    if (!stroke) {
      setSaid(lt('keys.refused'));
      return;
    }
    const other = holderOf(stroke);
    const names = { command: labelOf(command), key: keyCap(stroke) };
    kept(rebind(command, stroke), other && other.id !== command.id ? lt('keys.exchanged', { command: names.command, other: labelOf(other) }) : lt('keys.taken', names));
  };
  return (
    <Dialog label={t('help.title')} class="help" onClose={onClose}>
      <header>
        <h2>{t('help.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <p class="quiet">{lt('keys.hint')}</p>
      <div class="help-groups">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`help.group.${group}`)}</h3>
            <ul>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <li key={command.id}>
                  <button
                    type="button" class="key-change" data-key={command.id} data-waiting={waiting === command.id}
                    aria-label={lt('keys.change', { command: labelOf(command), key: keyCap(strokeOf(command)) })}
                    onClick={() => setWaiting(command.id)} onBlur={() => setWaiting(null)}
                    onKeyDown={(event) => { if (waiting === command.id) onPress(command, event); }}
                  >
                    <kbd>{waiting === command.id ? lt('keys.press') : keyCap(strokeOf(command))}</kbd>
                  </button>
                  <span>{labelOf(command)}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <VolumePart />
      <p class="quiet">{t('help.mouse')}</p>
      <footer>
        <p role="status">{said}</p>
        {hasOwnStrokes.value && (
          <button type="button" class="button" onClick={() => kept(restoreKeys(), lt('keys.restored'))}>{lt('keys.restore')}</button>
        )}
      </footer>
    </Dialog>
  );
}

/** The keys of the volume view, which are its own and are not changed here; its texts come with it. */
function VolumePart(): JSX.Element | null {
  const [Keys, setKeys] = useState<FunctionComponent | null>(null);
  useEffect(() => {
    import('../volume/key_help').then(({ VolumeKeys }) => setKeys(() => VolumeKeys), () => undefined); // the page says when the line is down
  }, []);
  return Keys && (
    <section class="help-volume">
      <h3>{t('action.volume')}</h3>
      <Keys />
    </section>
  );
}
