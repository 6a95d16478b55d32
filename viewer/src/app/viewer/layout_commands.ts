/** What is done to several cells at once: links between them, hanging, priors, and sizes that can be compared. */
import type { Command } from './commands';
import type { KeyStroke } from './key_map';

const letter = (character: string): KeyStroke => ({ key: character.toLowerCase(), cap: character });

/** They do nothing in the moment before the desk is there. */
export const LAYOUT_COMMANDS: readonly Command[] = [
  { id: 'link', label: 'action.link', group: 'layout', icon: 'link', stroke: { key: '/', cap: '/' }, run: ({ desk }) => desk.peek()?.toggle('linked') },
  { id: 'link_view', label: 'action.link_view', group: 'layout', stroke: { code: 'Digit9', cap: '9' }, run: ({ desk }) => desk.peek()?.toggle('viewLinked') },
  { id: 'link_window', label: 'action.link_window', group: 'layout', stroke: { code: 'Semicolon', cap: ';' }, run: ({ desk }) => desk.peek()?.toggle('windowLinked') },
  { id: 'lines', label: 'action.lines', group: 'layout', icon: 'lines', stroke: { code: 'Backquote', cap: '`' }, run: ({ desk }) => desk.peek()?.toggle('lines') },
  { id: 'crosshair', label: 'action.crosshair', group: 'layout', icon: 'crosshair', stroke: letter('X'), run: ({ desk }) => desk.peek()?.toggle('crosshair') },
  { id: 'prior', label: 'action.prior', group: 'layout', stroke: { code: 'Quote', cap: '\'' }, run: ({ desk }) => void desk.peek()?.priors.compare() },
  { id: 'next_stage', label: 'action.next_stage', group: 'layout', stroke: { key: ',', cap: ',' }, run: ({ desk }) => void desk.peek()?.hanging.step(1) },
  { id: 'previous_stage', label: 'action.previous_stage', group: 'layout', stroke: { key: '<', cap: '<' }, run: ({ desk }) => void desk.peek()?.hanging.step(-1) },
  { id: 'one_to_one', label: 'action.one_to_one', group: 'display', stroke: { code: 'Digit0', cap: '0' }, run: ({ desk }) => desk.peek()?.scale.oneToOne() },
  { id: 'true_size', label: 'action.true_size', group: 'display', stroke: { code: 'Backslash', cap: '\\' }, run: ({ desk }) => desk.peek()?.scale.trueSize() },
  { id: 'second_window', label: 'action.second_window', group: 'layout', icon: 'second_window', stroke: { key: 'F8', cap: 'F8' }, run: ({ desk }) => desk.peek()?.secondWindow.open() },
];
