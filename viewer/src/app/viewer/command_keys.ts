/** The keyboard of the viewer page. */
import { useEffect } from 'preact/hooks';

import { commandOf } from './commands';
import { drawsByKey } from './drawing_keys';
import type { Workspace } from './workspace';

const TAKES_TEXT = 'input:not([type="range"]), textarea, select, [contenteditable="true"]';
const TAKES_PRESS = 'button, a, input, [role="menuitem"]';

/** True when the key belongs to the control that has the focus. */
function belongsToControl(event: KeyboardEvent): boolean {
  const { target } = event;
  // What had the focus in a dialog may just have gone: its keys are still not the page's.
  if (document.querySelector('dialog:modal') !== null) return true;
  if (!(target instanceof Element)) return false;
  if (target.matches(TAKES_TEXT) || target.closest('dialog, [popover]') !== null) return true;
  return (event.key === ' ' || event.key === 'Enter') && target.matches(TAKES_PRESS);
}

export function useCommandKeys(workspace: Workspace): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (belongsToControl(event)) return;
      if (drawsByKey(workspace, event)) {
        event.preventDefault();
        return;
      }
      const command = commandOf(event);
      if (!command) return;
      event.preventDefault();
      workspace.arranged = true;
      command.run(workspace);
    };
    // Before the image has it: the tools of the reading room claim every key pressed over an image that has the focus.
    document.addEventListener('keydown', onKeyDown, true);
    return () => document.removeEventListener('keydown', onKeyDown, true);
  }, [workspace]);
}
