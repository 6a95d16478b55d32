/** The commands of saving. */
import type { Command } from '../commands';
import { savedPart } from './later';

export const SAVED_COMMANDS: readonly Command[] = [
  {
    id: 'save', label: 'action.save', group: 'tools', stroke: { key: 's', ctrl: true, cap: 'Ctrl S' },
    run: () => void savedPart.peek()?.work.active.peek()?.saveMeasurements(),
  },
  {
    id: 'mark_key_image', label: 'action.mark_key_image', group: 'tools', stroke: { key: 'F2', cap: 'F2' },
    run: () => savedPart.peek()?.work.markImage(),
  },
];
