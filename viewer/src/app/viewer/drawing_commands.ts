/** The commands of drawing and measuring. */
import type { Tool } from '../../core/viewport';
import type { IconName } from '../icons';
import type { Command } from './commands';

function tool(name: Exclude<Tool, 'window' | 'pan' | 'zoom' | 'scroll'>, icon: IconName, key: string): Command {
  return {
    id: name, label: `tool.${name}`, group: 'tools', icon, stroke: { key: key.toLowerCase(), cap: key }, run: (workspace) => workspace.setTool(name),
  };
}

/** Those in the menu of the tool bar; the most used ones have buttons. */
export const MORE_TOOLS: readonly Command[] = [
  tool('angle', 'angle', 'A'),
  tool('cobb', 'cobb', 'C'),
  tool('bidirectional', 'bidirectional', 'D'),
  tool('freehand', 'freehand', 'O'),
  tool('probe', 'probe', 'Q'),
  tool('arrow', 'arrow', 'J'),
  tool('text', 'text', 'Y'),
  tool('window_region', 'window_region', 'U'),
  tool('magnifier', 'magnifier', '.'),
];

export const DRAWING_COMMANDS = {
  undo: { id: 'undo', label: 'action.undo', group: 'tools', icon: 'undo', stroke: { key: 'z', ctrl: true, cap: 'Ctrl Z' }, run: ({ viewport }) => viewport?.undo() },
  redo: { id: 'redo', label: 'action.redo', group: 'tools', icon: 'redo', stroke: { key: 'y', ctrl: true, cap: 'Ctrl Y' }, run: ({ viewport }) => viewport?.redo() },
  remove_measurement: {
    id: 'remove_measurement', label: 'action.remove_measurement', group: 'tools', stroke: { key: 'Delete', cap: 'Del' },
    run: ({ viewport }) => {
      const selected = viewport?.state.selected;
      if (viewport && selected) viewport.removeMeasurement(selected);
    },
  },
  cancel_drawing: {
    id: 'cancel_drawing', label: 'action.cancel_drawing', group: 'tools', stroke: { key: 'Escape', cap: 'key.escape' },
    run: ({ viewport }) => viewport?.cancelDrawing(),
  },
} as const satisfies Readonly<Record<string, Command>>;
