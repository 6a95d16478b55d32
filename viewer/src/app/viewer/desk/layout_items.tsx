/** The lower part of the menu of layouts: links between the cells, the second window. */
import type { JSX } from 'preact';

import { t } from '../../../i18n/locale';
import { Icon } from '../../icons';
import { LAYOUT_COMMANDS } from '../layout_commands';
import { keyCap, strokeOf } from '../key_map';
import type { DeskProps, Switch } from './desk';
import { lt } from './texts';

const SWITCHES: readonly (readonly [Switch, string])[] = [['linked', 'link'], ['windowLinked', 'link_window'], ['lines', 'lines'], ['crosshair', 'crosshair']];

function strokeFor(id: string): string {
  const command = LAYOUT_COMMANDS.find((one) => one.id === id);
  return command ? keyCap(strokeOf(command)) : '';
}

export function LayoutItems({ desk }: DeskProps): JSX.Element {
  return (
    <>
      <hr />
      <p class="menu-part" role="presentation">{lt('links.title')}</p>
      {SWITCHES.map(([name, id]) => (
        <button
          key={name} type="button" class="menu-item" role="menuitemcheckbox" tabIndex={-1} data-switch={name}
          aria-checked={desk.switches[name].value} onClick={() => desk.toggle(name)}
        >
          <span>{t(`action.${id}` as 'action.link')}</span>
          <kbd aria-hidden="true">{strokeFor(id)}</kbd>
        </button>
      ))}
      <hr />
      <button type="button" class="menu-item" role="menuitem" tabIndex={-1} onClick={() => desk.secondWindow.open()}>
        <Icon name="second_window" />
        <span>{t('action.second_window')}</span>
        <kbd aria-hidden="true">{strokeFor('second_window')}</kbd>
      </button>
    </>
  );
}
