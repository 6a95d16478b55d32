/** Drawing by keys: Enter shows a cross and sets points, the arrows move it, Escape ends. */
import type { Viewport } from '../../core/viewport';
import { isMeasuring } from '../../drawing/hand';
import type { Workspace } from './workspace';

const STEP = 2;
const LARGE_STEP = 20;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

function steered(viewport: Viewport, { key, shiftKey }: KeyboardEvent): boolean {
  const arrow = ARROWS[key];
  if (!viewport.state.steering || !arrow) return false;
  const step = shiftKey ? LARGE_STEP : STEP;
  viewport.steer(arrow[0] * step, arrow[1] * step);
  return true;
}

/** True when the key was for drawing. */
export function drawsByKey({ viewport, toolInHand }: Workspace, event: KeyboardEvent): boolean {
  if (!viewport || event.ctrlKey || event.altKey || event.metaKey) return false;
  // The field of words is about to have the focus: what is typed in haste is no command.
  if (viewport.state.editing !== null) return true;
  if (event.key !== 'Enter' || !isMeasuring(toolInHand.peek())) return steered(viewport, event);
  viewport.setPoint();
  return true;
}
