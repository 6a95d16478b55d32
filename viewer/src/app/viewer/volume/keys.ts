/** The keys of the volume view. */
import { PRESETS } from '../../../core/preset';
import { SLAB_MODES, type VolumeSession, type VolumeTool } from './session';

const PAGE = 10;
const TURN = Math.PI / 36; // 5°
const TOOL_KEYS: Readonly<Record<string, VolumeTool>> = { c: 'cross', w: 'window', p: 'pan', z: 'zoom', l: 'length', u: 'curve' };

/** The key of a tool, as it stands on the keyboard. */
export function keyOfTool(tool: VolumeTool): string {
  return (Object.entries(TOOL_KEYS).find(([, one]) => one === tool)?.[0] ?? '').toUpperCase();
}

type Act = (session: VolumeSession) => void;

const ACTS: Readonly<Record<string, Act>> = {
  ArrowDown: (session) => session.scroll(session.active.peek(), 1),
  ArrowUp: (session) => session.scroll(session.active.peek(), -1),
  PageDown: (session) => session.scroll(session.active.peek(), PAGE),
  PageUp: (session) => session.scroll(session.active.peek(), -PAGE),
  ',': (session) => session.turn(session.active.peek(), -TURN),
  '.': (session) => session.turn(session.active.peek(), TURN),
  '+': (session) => session.zoomBy(1.25),
  '=': (session) => session.zoomBy(1.25),
  '-': (session) => session.zoomBy(1 / 1.25),
  i: (session) => { session.inverted.value = !session.inverted.peek(); },
  m: (session) => { session.slab.value = SLAB_MODES[(SLAB_MODES.indexOf(session.slab.peek()) + 1) % SLAB_MODES.length] ?? 'thin'; },
  r: (session) => session.reset(),
  '?': (session) => { session.helpShown.value = true; },
  // The keyboard's way to an end of a length: where the crosshair is.
  Enter: (session) => { if (session.tool.peek() === 'length') session.setEnd(session.cross.peek()); },
  Delete: (session) => { const last = session.lengths.peek().at(-1); if (last) session.removeLength(last.id); },
};

const SHIFTED: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

/** Do what a key says; false when it says nothing here. */
export function pressKey(session: VolumeSession, event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const nudge = event.shiftKey ? SHIFTED[key] : undefined;
  if (nudge) {
    session.nudge(session.active.peek(), ...nudge);
    return true;
  }
  const preset = PRESETS.find((one) => `Digit${one.key}` === event.code.replace('Numpad', 'Digit'));
  if (preset) {
    if (session.base?.unit.peek() === 'HU') session.base.voi.value = preset.voi;
    return true;
  }
  const tool = TOOL_KEYS[key];
  if (tool) {
    session.tool.value = tool;
    return true;
  }
  const act = ACTS[key];
  act?.(session);
  return act !== undefined;
}
