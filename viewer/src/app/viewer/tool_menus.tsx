/** The menus of the tool bar: windows that fit the image, and the tools that have no button of their own. */
import type { JSX } from 'preact';

import { formatDecimal } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { Menu, MenuItem } from '../controls/menu';
import { labelOf } from './commands';
import { MORE_TOOLS } from './drawing_commands';
import { dt } from './drawing_texts';
import { keyCap, strokeOf } from './key_map';
import { presetsOf } from './presets';
import type { Workspace } from './workspace';

interface MenuProps {
  readonly workspace: Workspace;
}

export function PresetMenu({ workspace }: MenuProps): JSX.Element {
  const view = workspace.activeCell.value.view.value;
  const voi = view?.voi;
  const presets = view ? presetsOf(view) : [];
  return (
    <Menu label={t('action.presets')} icon="presets" caption={t('action.presets')} buttonClass="tool">
      {presets.length === 0 && <p class="quiet preset-note">{dt('preset.none')}</p>}
      {presets.map(({ name, key, voi: preset, shown }) => (
        <MenuItem
          key={`${key}${name}`} label={name} end={shown ? `${formatDecimal(shown.center, 0)} / ${formatDecimal(shown.width, 0)}` : ''}
          {...(key === '' ? {} : { stroke: key })} checked={voi?.center === preset.center && voi.width === preset.width}
          onChoose={() => workspace.viewport?.setVoi(preset)}
        />
      ))}
    </Menu>
  );
}

/** Its button shows the tool in hand, when that is one of these. */
export function MoreTools({ workspace }: MenuProps): JSX.Element {
  const inHand = MORE_TOOLS.find(({ id }) => id === workspace.toolInHand.value);
  return (
    <Menu label={dt('drawing.more_tools')} icon={inHand?.icon ?? 'more'} caption={dt('drawing.more_tools')} buttonClass={inHand ? 'tool in-hand' : 'tool'}>
      {MORE_TOOLS.map((command) => (
        <MenuItem
          key={command.id} label={labelOf(command)} {...(command.icon ? { icon: command.icon } : {})} stroke={keyCap(strokeOf(command))}
          checked={command === inHand} onChoose={() => command.run(workspace)}
        />
      ))}
    </Menu>
  );
}
