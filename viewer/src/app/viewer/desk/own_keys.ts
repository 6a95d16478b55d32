/** The keys a person has chosen, kept on the server so that they follow the person. */
import { json, request } from '../../api';
import { type Command, COMMANDS } from '../commands';
import { type KeyStroke, ownStrokes, sameStroke, strokeOf } from '../key_map';

const ADDRESS = '/api/preferences/keys';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What was kept, as far as it still makes sense: known commands, a key or a place of the keyboard each. */
export function readStrokes(document: unknown): Readonly<Record<string, KeyStroke>> {
  const strokes = isRecord(document) && isRecord(document['strokes']) ? document['strokes'] : {};
  const known = new Set(COMMANDS.map(({ id }) => id));
  return Object.fromEntries(Object.entries(strokes).flatMap(([id, stroke]): [string, KeyStroke][] => {
    if (!known.has(id) || !isRecord(stroke)) return [];
    const { key, code, cap } = stroke;
    const ctrl = stroke['ctrl'] === true ? { ctrl: true } : {};
    if (typeof cap !== 'string' || cap === '' || cap.length > 24) return [];
    if (typeof code === 'string') return [[id, { code, cap, ...ctrl }]];
    return typeof key === 'string' ? [[id, { key, cap, ...ctrl }]] : [];
  }));
}

export async function loadKeys(): Promise<void> {
  try {
    ownStrokes.value = readStrokes(await json<unknown>(ADDRESS));
  } catch {
    // The keys stay as they are delivered.
  }
}

/** @throws ApiError it could not be kept; it holds for this page. */
async function keep(): Promise<void> {
  const body = JSON.stringify({ strokes: ownStrokes.peek() });
  await request(ADDRESS, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body });
}

/** Keys that cannot be a command: they move the focus or belong to dialogs. */
const RESERVED = new Set(['Tab', 'Escape', 'Enter', 'Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Process', 'Unidentified']);

const CAPS: Readonly<Record<string, string>> = {
  ' ': 'key.space', ArrowDown: 'key.down', ArrowUp: 'key.up', ArrowLeft: 'key.left', ArrowRight: 'key.right',
  PageDown: 'key.page_down', PageUp: 'key.page_up', Home: 'key.home', End: 'key.end', Backspace: '⌫',
};

/** The stroke of a key press; null for a key that cannot be one. Digits by their place: Vietnamese keyboards have letters there. */
export function strokeOfPress(event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey'>): KeyStroke | null {
  if (event.ctrlKey || event.altKey || event.metaKey || RESERVED.has(event.key)) return null;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit !== undefined) return { code: `Digit${digit}`, cap: digit };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return { key, cap: CAPS[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key) };
}

/** The command that has a key now; null: none. */
export function holderOf(stroke: KeyStroke): Command | null {
  return COMMANDS.find((command) => sameStroke(strokeOf(command), stroke)) ?? null;
}

/** Give a command another key; a command that had it takes this one's, so that none is left without. */
export async function rebind(command: Command, stroke: KeyStroke): Promise<void> {
  const [holder, mine] = [holderOf(stroke), strokeOf(command)];
  const next: Record<string, KeyStroke> = { ...ownStrokes.peek(), [command.id]: stroke };
  if (holder && holder.id !== command.id) next[holder.id] = mine;
  const delivered = new Map(COMMANDS.map((one) => [one.id, one.stroke]));
  ownStrokes.value = Object.fromEntries(Object.entries(next).filter(([id, chosen]) => {
    const usual = delivered.get(id);
    return usual === undefined || !sameStroke(chosen, usual);
  }));
  await keep();
}

export async function restoreKeys(): Promise<void> {
  ownStrokes.value = {};
  await keep();
}
