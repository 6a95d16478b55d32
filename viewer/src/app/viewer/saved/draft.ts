/** What is drawn and not saved, kept in this browser for its author: no patient's name, only the study's UID. */
import type { SavedDrawing, SavedImage, SavedLength, SaveRequest } from './api';

export interface Draft {
  /** When it was last changed, ISO 8601. */
  readonly at: string;
  readonly drawings: readonly SavedDrawing[];
  readonly lengths?: readonly SavedLength[];
  readonly keyImages: readonly SavedImage[];
  /** What was to be saved when the line was down: sent as soon as it can be. */
  readonly pending: SaveRequest | null;
}

const STORED_UNDER = 'filmless.draft';
/** Older ones are nobody's any more. */
const KEPT_MS = 14 * 24 * 3600 * 1000;

export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false;
  const { at, drawings, keyImages } = value as Partial<Record<keyof Draft, unknown>>;
  return typeof at === 'string' && Array.isArray(drawings) && Array.isArray(keyImages);
}

export class Drafts {
  constructor(private readonly storage: Storage | null, private readonly now: () => number = Date.now) {}

  private name(account: string, study: string): string {
    return `${STORED_UNDER} ${encodeURIComponent(account)} ${study}`;
  }

  read(account: string, study: string): Draft | null {
    try {
      const found: unknown = JSON.parse(this.storage?.getItem(this.name(account, study)) ?? 'null');
      return isDraft(found) ? found : null;
    } catch {
      return null;
    }
  }

  /** False: there is no room for it in this browser, or it keeps nothing. */
  write(account: string, study: string, draft: Draft): boolean {
    if (!this.storage) return false;
    try {
      this.storage.setItem(this.name(account, study), JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  remove(account: string, study: string): void {
    try {
      this.storage?.removeItem(this.name(account, study));
    } catch {
      // Then it keeps nothing either.
    }
  }

  /** Forget what nobody has come back to. */
  sweep(): void {
    const { storage } = this;
    if (!storage) return;
    const names = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? '').filter((name) => name.startsWith(`${STORED_UNDER} `));
    for (const name of names) {
      const [, account = '', study = ''] = name.slice(STORED_UNDER.length).split(' ');
      const draft = this.read(decodeURIComponent(account), study);
      if (!draft || this.now() - Date.parse(draft.at) > KEPT_MS) this.remove(decodeURIComponent(account), study);
    }
  }
}

/** This browser's, or nothing where storage is switched off. */
export function browserDrafts(): Drafts {
  try {
    return new Drafts(globalThis.localStorage);
  } catch {
    return new Drafts(null);
  }
}
