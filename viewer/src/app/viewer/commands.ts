/** Everything that can be done to an image: one declaration each, with its words, icon and key; buttons, keys and help follow. */
import { PRESETS } from '../../core/preset';
import type { Tool } from '../../core/viewport';
import type { TextKey } from '../../i18n/catalogue';
import { t } from '../../i18n/locale';
import type { IconName } from '../icons';
import { goTo } from '../location';
import { DRAWING_COMMANDS, MORE_TOOLS } from './drawing_commands';
import { isPressed, type KeyStroke, strokeOf } from './key_map';
import { LAYOUT_COMMANDS } from './layout_commands';
import { listAddress, NEXT_STUDY_COMMANDS } from './next_study';
import { presetOfKey } from './presets';
import { SAVED_COMMANDS } from './saved/commands';
import type { Workspace } from './workspace';

export type { KeyStroke } from './key_map';

export type CommandGroup = 'scroll' | 'tools' | 'display' | 'presets' | 'layout';

/** Texts without placeholders, which are all that a command can be called. */
export type LabelKey = Extract<TextKey, `action.${string}` | `tool.${string}` | `preset.${string}`>;

export interface Command {
  readonly id: string;
  /** A key of the catalogue; or the text, of a part that has a catalogue of its own. */
  readonly label: Exclude<LabelKey, 'action.cine_rate_value'> | (() => string);
  readonly group: CommandGroup;
  readonly icon?: IconName;
  readonly stroke: KeyStroke;
  readonly run: (workspace: Workspace) => void;
}

export function labelOf({ label }: Command): string {
  return typeof label === 'string' ? t(label) : label();
}

const PAGE = 10;
const ZOOM_STEP = 1.25;

const letter = (character: string): KeyStroke => ({ key: character.toLowerCase(), cap: character });

function scrollTo(end: 'first' | 'last'): (workspace: Workspace) => void {
  return ({ viewport }) => {
    if (viewport) viewport.scrollTo(end === 'first' ? 0 : viewport.state.count - 1);
  };
}

function toolCommand(tool: Tool, icon: IconName, key: string): Command {
  return { id: tool, label: `tool.${tool}`, group: 'tools', icon, stroke: letter(key), run: (workspace) => workspace.setTool(tool) };
}

export const TOOLS: readonly Command[] = [
  toolCommand('window', 'window', 'W'),
  toolCommand('pan', 'pan', 'P'),
  toolCommand('zoom', 'zoom', 'Z'),
  toolCommand('scroll', 'scroll', 'S'),
  toolCommand('length', 'length', 'L'),
  toolCommand('ellipse', 'ellipse', 'E'),
  toolCommand('rectangle', 'rectangle', 'B'),
];

export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}

export const DISPLAY = {
  invert: {
    id: 'invert', label: 'action.invert', group: 'display', icon: 'invert', stroke: letter('I'),
    run: ({ viewport }) => viewport?.setInverted(!viewport.state.inverted),
  },
  rotate: {
    id: 'rotate', label: 'action.rotate', group: 'display', icon: 'rotate', stroke: letter('T'),
    run: ({ activeCell }) => activeCell.peek().rotate(1),
  },
  flip_horizontal: {
    id: 'flip_horizontal', label: 'action.flip_horizontal', group: 'display', icon: 'flip_horizontal', stroke: letter('H'),
    run: ({ activeCell }) => activeCell.peek().flip('horizontal'),
  },
  flip_vertical: {
    id: 'flip_vertical', label: 'action.flip_vertical', group: 'display', icon: 'flip_vertical', stroke: letter('V'),
    run: ({ activeCell }) => activeCell.peek().flip('vertical'),
  },
  zoom_in: {
    id: 'zoom_in', label: 'action.zoom_in', group: 'display', stroke: { key: '+', cap: '+' },
    run: ({ viewport }) => viewport?.zoomBy(ZOOM_STEP),
  },
  zoom_out: {
    id: 'zoom_out', label: 'action.zoom_out', group: 'display', stroke: { key: '-', cap: '−' },
    run: ({ viewport }) => viewport?.zoomBy(1 / ZOOM_STEP),
  },
  reset: {
    id: 'reset', label: 'action.reset', group: 'display', icon: 'reset', stroke: letter('R'),
    run: ({ activeCell }) => activeCell.peek().reset(),
  },
} as const satisfies Readonly<Record<string, Command>>;

export const CINE: Command = {
  id: 'cine', label: 'action.cine', group: 'scroll', icon: 'play', stroke: { key: ' ', cap: 'key.space' },
  run: (workspace) => workspace.toggleCine(),
};

const SCROLLING: readonly Command[] = [
  { id: 'next_image', label: 'action.next_image', group: 'scroll', stroke: { key: 'ArrowDown', cap: 'key.down' }, run: ({ viewport }) => viewport?.scrollBy(1) },
  { id: 'previous_image', label: 'action.previous_image', group: 'scroll', stroke: { key: 'ArrowUp', cap: 'key.up' }, run: ({ viewport }) => viewport?.scrollBy(-1) },
  { id: 'next_page', label: 'action.next_page', group: 'scroll', stroke: { key: 'PageDown', cap: 'key.page_down' }, run: ({ viewport }) => viewport?.scrollBy(PAGE) },
  { id: 'previous_page', label: 'action.previous_page', group: 'scroll', stroke: { key: 'PageUp', cap: 'key.page_up' }, run: ({ viewport }) => viewport?.scrollBy(-PAGE) },
  { id: 'first_image', label: 'action.first_image', group: 'scroll', stroke: { key: 'Home', cap: 'key.home' }, run: scrollTo('first') },
  { id: 'last_image', label: 'action.last_image', group: 'scroll', stroke: { key: 'End', cap: 'key.end' }, run: scrollTo('last') },
  { id: 'next_series', label: 'action.next_series', group: 'scroll', stroke: { key: 'ArrowRight', cap: 'key.right' }, run: (workspace) => workspace.stepSeries(1) },
  { id: 'previous_series', label: 'action.previous_series', group: 'scroll', stroke: { key: 'ArrowLeft', cap: 'key.left' }, run: (workspace) => workspace.stepSeries(-1) },
  CINE,
];

/** Digits by their place: the Vietnamese keyboard layout has letters on them. */
export const PRESET_COMMANDS: readonly Command[] = PRESETS.map(({ name, key }) => ({
  id: `preset_${name}`, label: `preset.${name}`, group: 'presets', stroke: { code: `Digit${key}`, cap: key },
  run: ({ viewport }) => {
    const preset = viewport && presetOfKey(viewport.state, key);
    if (preset) viewport.setVoi(preset.voi);
  },
}));

/** What leaves the viewer. */
export const OUT_COMMANDS = {
  picture: { id: 'picture', label: 'action.picture', group: 'layout', icon: 'picture', stroke: { key: 'e', ctrl: true, cap: 'Ctrl E' }, run: ({ outShown }) => { outShown.value = 'picture'; } },
  print: { id: 'print', label: 'action.print', group: 'layout', icon: 'printer', stroke: { key: 'p', ctrl: true, cap: 'Ctrl P' }, run: ({ outShown }) => { outShown.value = 'print'; } },
  copy_link: { id: 'copy_link', label: 'action.copy_link', group: 'layout', icon: 'share_link', stroke: { key: 'k', ctrl: true, cap: 'Ctrl K' }, run: ({ outShown }) => { outShown.value = 'link'; } },
} as const satisfies Readonly<Record<string, Command>>;

export const PAGE_COMMANDS = {
  layout: { id: 'layout', label: 'action.layout', group: 'layout', stroke: letter('G'), run: (workspace) => workspace.stepLayout() },
  next_cell: { id: 'next_cell', label: 'action.next_cell', group: 'layout', stroke: letter('N'), run: (workspace) => workspace.stepCell() },
  measurements: {
    id: 'measurements', label: 'action.measurements', group: 'layout', icon: 'measurements', stroke: letter('M'),
    run: ({ measurementsShown }) => { measurementsShown.value = !measurementsShown.peek(); },
  },
  volume: { id: 'volume', label: 'action.volume', group: 'layout', icon: 'volume', stroke: letter('K'), run: (workspace) => workspace.openVolume() },
  full_screen: {
    id: 'full_screen', label: 'action.full_screen', group: 'layout', icon: 'full_screen', stroke: letter('F'),
    run: () => void toggleFullScreen().catch(() => undefined), // refused by the browser: nothing changes
  },
  help: { id: 'help', label: 'action.help', group: 'layout', icon: 'help', stroke: { key: '?', cap: '?' }, run: ({ helpShown }) => { helpShown.value = true; } },
  back: { id: 'back', label: 'action.back', group: 'layout', stroke: { key: 'Backspace', cap: '⌫' }, run: () => goTo(listAddress()) },
} as const satisfies Readonly<Record<string, Command>>;

export const COMMANDS: readonly Command[] = [
  ...SCROLLING, ...TOOLS, ...MORE_TOOLS, ...Object.values(DRAWING_COMMANDS), ...Object.values(DISPLAY), ...PRESET_COMMANDS, ...LAYOUT_COMMANDS, ...NEXT_STUDY_COMMANDS, ...SAVED_COMMANDS, ...Object.values(OUT_COMMANDS), ...Object.values(PAGE_COMMANDS),
];

/** The command of a key press; null for none: keys with Ctrl, Alt or Meta belong to the browser, but for those of a command. */
export function commandOf(event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey'>): Command | null {
  return COMMANDS.find((command) => isPressed(strokeOf(command), event)) ?? null;
}
