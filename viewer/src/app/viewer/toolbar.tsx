/** The tools: buttons made from the commands, and the menus of presets, layouts and cine. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import { Icon, type IconName } from '../icons';
import { CINE, type Command, DISPLAY, type KeyStroke, labelOf, PAGE_COMMANDS, TOOLS } from './commands';
import { keyCap, strokeOf } from './key_map';
import { LayoutMenu } from './layout_menu';
import { OutMenu } from './out/menu';
import { MoreTools, PresetMenu } from './tool_menus';
import { CINE_RATES, type Workspace } from './workspace';

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
        <OutMenu workspace={workspace} />
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

export function CommandButton({ command, workspace, pressed, icon = command.icon, label = labelOf(command) }: CommandButtonProps): JSX.Element {
  return (
    <button
      type="button" class="tool" data-command={command.id} aria-label={label} title={`${label} (${keyCap(strokeOf(command))})`}
      aria-pressed={pressed} aria-keyshortcuts={ariaKey(strokeOf(command))} onClick={() => command.run(workspace)}
    >
      {icon && <Icon name={icon} />}
      <span class="caption" aria-hidden="true">{label}</span>
    </button>
  );
}

function ariaKey({ key, code }: KeyStroke): string {
  return key === ' ' ? 'Space' : (key ?? code?.replace('Digit', '') ?? '');
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
