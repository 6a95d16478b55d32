/** The tools: buttons made from the commands, and the menus of presets, layouts and cine. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import type { TextKey } from '../../i18n/catalogue';
import { Menu, MenuItem } from '../controls/menu';
import { Icon, type IconName } from '../icons';
import { CINE, type Command, DISPLAY, type KeyStroke, PAGE_COMMANDS, TOOLS } from './commands';
import { MoreTools, PresetMenu } from './tool_menus';
import { CINE_RATES, LAYOUTS, type Workspace } from './workspace';

/** What stands on a key, in the chosen language. */
export function keyCap({ cap }: KeyStroke): string {
  return cap.startsWith('key.') ? t(cap as Extract<TextKey, `key.${string}`>) : cap;
}

interface ToolbarProps {
  readonly workspace: Workspace;
}

export function Toolbar({ workspace }: ToolbarProps): JSX.Element {
  const inverted = workspace.activeCell.value.view.value?.inverted ?? false;
  const show = (command: Command, pressed?: boolean): JSX.Element => (
    <CommandButton key={command.id} command={command} workspace={workspace} {...(pressed === undefined ? {} : { pressed })} />
  );
  return (
    <div class="toolbar" role="toolbar" aria-label={t('viewer.toolbar')}>
      <div class="tool-group" role="group" aria-label={t('tool.group')}>
        {TOOLS.map((command) => show(command, workspace.toolInHand.value === command.id))}
        <MoreTools workspace={workspace} />
      </div>
      <div class="tool-group">
        <PresetMenu workspace={workspace} />
        {show(DISPLAY.invert, inverted)}
        {show(DISPLAY.rotate)}
        {show(DISPLAY.flip_horizontal)}
        {show(DISPLAY.flip_vertical)}
        {show(DISPLAY.reset)}
      </div>
      <div class="tool-group">
        <Cine workspace={workspace} />
        <LayoutMenu workspace={workspace} />
        {show(PAGE_COMMANDS.volume)}
        {show(PAGE_COMMANDS.measurements, workspace.measurementsShown.value)}
      </div>
      <div class="tool-group">
        {show(PAGE_COMMANDS.full_screen)}
        {show(PAGE_COMMANDS.help)}
      </div>
    </div>
  );
}

interface CommandButtonProps extends ToolbarProps {
  readonly command: Command;
  readonly pressed?: boolean;
  readonly icon?: IconName;
  readonly label?: string;
}

function CommandButton({ command, workspace, pressed, icon = command.icon, label = t(command.label) }: CommandButtonProps): JSX.Element {
  return (
    <button
      type="button" class="tool" data-command={command.id} aria-label={label} title={`${label} (${keyCap(command.stroke)})`}
      aria-pressed={pressed} aria-keyshortcuts={ariaKey(command.stroke)} onClick={() => command.run(workspace)}
    >
      {icon && <Icon name={icon} />}
      <span class="caption" aria-hidden="true">{label}</span>
    </button>
  );
}

function ariaKey({ key, code }: KeyStroke): string {
  return key === ' ' ? 'Space' : (key ?? code?.replace('Digit', '') ?? '');
}

function LayoutMenu({ workspace }: ToolbarProps): JSX.Element {
  const layout = workspace.layout.value;
  return (
    <Menu label={t('action.layout')} icon={`layout_${layout}`} caption={t('action.layout')} buttonClass="tool">
      {LAYOUTS.map((one) => (
        <MenuItem
          key={one} label={t(`layout.${one}`)} icon={`layout_${one}`} checked={one === layout} onChoose={() => workspace.setLayout(one)}
        />
      ))}
    </Menu>
  );
}

function Cine({ workspace }: ToolbarProps): JSX.Element {
  const playing = workspace.activeCell.value.view.value?.playing ?? false;
  const rate = workspace.cineRate.value;
  return (
    <div class="cine" data-playing={playing}>
      <CommandButton
        command={CINE} workspace={workspace} pressed={playing} icon={playing ? 'stop' : 'play'}
        label={playing ? t('action.cine_stop') : t('action.cine')}
      />
      {playing && (
        <label class="cine-rate" title={t('action.cine_rate')}>
          <input
            type="range" min={CINE_RATES.least} max={CINE_RATES.most} value={rate} aria-label={t('action.cine_rate')}
            onInput={(event) => workspace.setCineRate(event.currentTarget.valueAsNumber)}
          />
          <span class="number">{t('action.cine_rate_value', { rate })}</span>
        </label>
      )}
    </div>
  );
}
