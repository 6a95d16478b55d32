/** The lower part of the menu of layouts: links between the cells, the second window. */
import type { JSX } from 'preact';

import { t } from '../../../i18n/locale';
import { Icon } from '../../icons';
import { LAYOUT_COMMANDS } from '../layout_commands';
import { keyCap, strokeOf } from '../key_map';
import type { DeskProps, Switch } from './desk';
import { protocolName } from './hanging';
import { lt } from './texts';

const SWITCHES: readonly (readonly [Switch, string])[] = [['linked', 'link'], ['viewLinked', 'link_view'], ['windowLinked', 'link_window'], ['lines', 'lines'], ['crosshair', 'crosshair']];

function strokeFor(id: string): string {
  const command = LAYOUT_COMMANDS.find((one) => one.id === id);
  return command ? keyCap(strokeOf(command)) : '';
}

/** The protocols that fit this study; those of the person can be removed. */
function HangingItems({ desk }: DeskProps): JSX.Element {
  const { hanging } = desk;
  const hung = hanging.hung.value;
  return (
    <>
      <hr />
      <p class="menu-part" role="presentation">{lt('hanging.title')}</p>
      {hanging.fitting.value.map((protocol) => {
        const isHung = hung?.protocol.id === protocol.id;
        const name = protocolName(protocol);
        const stage = isHung && hung.stages.length > 1 ? hung.stages.indexOf(hung.stage) + 1 : 0;
        return (
          <div key={protocol.id} class="hanging-item" role="presentation">
            <button
              type="button" class="menu-item" role="menuitemradio" tabIndex={-1} aria-checked={isHung} data-protocol={protocol.id}
              onClick={() => void hanging.choose(protocol)}
            >
              <span>{stage > 0 ? lt('hanging.stage', { name, stage, count: hung?.stages.length ?? 0 }) : name}</span>
              {stage > 0 && <kbd aria-hidden="true">{strokeFor('next_stage')}</kbd>}
            </button>
            {protocol.name !== undefined && (
              <button
                type="button" class="icon-button" role="menuitem" tabIndex={-1} aria-label={lt('hanging.remove', { name })}
                title={lt('hanging.remove', { name })} onClick={() => void hanging.remove(protocol)}
              >
                <Icon name="remove" />
              </button>
            )}
          </div>
        );
      })}
      <button type="button" class="menu-item" role="menuitem" tabIndex={-1} onClick={() => { hanging.saving.value = true; }}>
        <span>{lt('hanging.save')}</span>
      </button>
    </>
  );
}

export function LayoutItems({ desk }: DeskProps): JSX.Element {
  return (
    <>
      <HangingItems desk={desk} />
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
