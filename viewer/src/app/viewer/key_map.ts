/** Which key does what: as the commands say, unless the person has chosen other keys. */
import { computed, signal } from '@preact/signals';

import type { TextKey } from '../../i18n/catalogue';
import { t } from '../../i18n/locale';

/** A key: `KeyboardEvent.code` where the place on the keyboard counts, else `KeyboardEvent.key`. */
export interface KeyStroke {
  readonly key?: string;
  readonly code?: string;
  /** With Ctrl, or Command. */
  readonly ctrl?: boolean;
  /** What stands on the key, for people; `key.…` is a key of the catalogue. */
  readonly cap: string;
}

interface Bound {
  readonly id: string;
  readonly stroke: KeyStroke;
}

/** The keys this person has chosen, by command. */
export const ownStrokes = signal<Readonly<Record<string, KeyStroke>>>({});

export function strokeOf({ id, stroke }: Bound): KeyStroke {
  return ownStrokes.value[id] ?? stroke;
}

/** What stands on a key, in the chosen language. */
export function keyCap({ cap }: KeyStroke): string {
  return cap.startsWith('key.') ? t(cap as Extract<TextKey, `key.${string}`>) : cap;
}

export function sameStroke(one: KeyStroke, other: KeyStroke): boolean {
  if ((one.ctrl ?? false) !== (other.ctrl ?? false)) return false;
  return one.code === undefined && other.code === undefined ? one.key === other.key : one.code === other.code;
}

/** True when keys were chosen that differ from those delivered. */
export const hasOwnStrokes = computed(() => Object.keys(ownStrokes.value).length > 0);

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey'>;

const ALSO: Readonly<Record<string, string>> = { '=': '+', _: '-' };

/** True when a key press is this stroke. Keys with Ctrl, Alt or Meta belong to the browser, but for those that ask for Ctrl. */
export function isPressed({ key, code, ctrl = false }: KeyStroke, event: Press): boolean {
  if (event.altKey || (event.ctrlKey || event.metaKey) !== ctrl) return false;
  if (code !== undefined) return code === event.code.replace('Numpad', 'Digit');
  return key === (event.key.length === 1 ? (ALSO[event.key] ?? event.key.toLowerCase()) : event.key);
}
