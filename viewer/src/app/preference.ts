/**
 * What a person sets for themselves (saved filters, columns, layouts, keys): kept on the server, so that it follows the
 * person; until the server has answered, as this browser last knew it. The server keeps a JSON object under each of a few
 * names (an empty one at first) and does not read it: whoever reads it here checks it first.
 */
import { type ReadonlySignal, signal } from '@preact/signals';

import { json, request } from './api';
import { noticeSignedOut, session } from './session';

export type PreferenceName = 'hanging' | 'keys' | 'study_filters' | 'study_columns';

export interface Preference<T extends object> {
  readonly value: ReadonlySignal<T>;
  /** Read it from the server; what cannot be read stays as it is. */
  load: () => Promise<void>;
  /** Change it here at once and on the server soon; gives whether the server has it. */
  change: (next: T) => Promise<boolean>;
}

function remembered(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as unknown;
  } catch {
    return null; // storage is switched off, or holds something else
  }
}

function remember(key: string, value: object): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // storage is switched off or full: the server has it
  }
}

/**
 * A preference by one of the names that the server knows.
 * @param read makes a value of what was kept, which may be anything
 * @param local whether this browser may remember it too: never for what can hold a patient's name
 */
export function preference<T extends object>(name: PreferenceName, read: (kept: unknown) => T, { local = false } = {}): Preference<T> {
  const keyOf = (): string => `filmless.preference.${session.peek()?.account ?? ''}.${name}`;
  const value = signal<T>(read(local ? remembered(keyOf()) : null));
  const address = `/api/preferences/${name}`;
  let changes = 0;
  const take = (next: T): void => {
    value.value = next;
    if (local) remember(keyOf(), next);
  };
  return {
    value,
    load: async () => {
      const before = changes;
      if (local) value.value = read(remembered(keyOf()));
      try {
        const kept = await json<unknown>(address);
        if (before === changes) take(read(kept));
      } catch (reason) {
        noticeSignedOut(reason);
      }
    },
    change: async (next) => {
      changes += 1;
      take(next);
      try {
        await request(address, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(next) });
        return true;
      } catch (reason) {
        noticeSignedOut(reason);
        return false;
      }
    },
  };
}
