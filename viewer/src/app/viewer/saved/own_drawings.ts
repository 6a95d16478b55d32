/** What the reader has drawn in one study, in images and in volumes, beside what is shown of others; and what of it is saved. */
import { signal } from '@preact/signals';

import type { Measurement } from '../../../core/measurement';
import type { SpatialLength } from '../../../core/volume/spatial_length';
import type { DrawingBook } from '../../../drawing/book';
import type { OpenStudy } from '../open_study';
import type { SavedContent, SavedDrawing, SavedLength } from './api';
import { fromSaved, isComplete, keyOf, toSaved } from './drawn';
import { fromSavedLength, keyOfLength, toSavedLength } from './drawn_in_space';

/** What was drawn, as it is saved and kept as a draft. */
export interface Drawn {
  readonly drawings: readonly SavedDrawing[];
  readonly lengths: readonly SavedLength[];
}

interface Kept {
  readonly key: string;
  /** An image it is on; a drawing of an image that is not here is not missed. */
  readonly image: string;
}

export class OwnDrawings {
  /** Grows with every change of what is drawn. */
  readonly version = signal(0);
  /** What was saved last, by the name of the drawing. */
  readonly #saved = signal<ReadonlyMap<string, Kept>>(new Map());
  /** Drawings of others that are shown, as they were: changed ones are the reader's own. */
  readonly #others = new Map<string, string>();
  #images: ReadonlySet<string> = new Set();

  constructor(private readonly study: Pick<OpenStudy, 'lengths'>, private readonly book: DrawingBook) {}

  /** The images of the study, by SOP Instance UID. */
  set images(images: ReadonlySet<string>) {
    this.#images = images;
    this.touch();
  }

  touch(): void {
    this.version.value = this.version.peek() + 1;
  }

  get list(): readonly Measurement[] {
    return this.book.list.filter((one) => this.#images.has(one.sopInstanceUid) && isComplete(one) && this.#others.get(one.id) !== keyOf(one));
  }

  /** Without a frame of reference a length cannot be saved. */
  get lengths(): readonly SpatialLength[] {
    return this.study.lengths.value.filter((one) => one.frameOfReferenceUid !== '' && this.#others.get(one.id) !== keyOfLength(one));
  }

  get drawn(): Drawn {
    return { drawings: this.list.map(toSaved), lengths: this.lengths.map(toSavedLength) };
  }

  /** How it would be saved now. */
  get keys(): ReadonlyMap<string, Kept> {
    return new Map([
      ...this.list.map((one) => [one.id, { key: keyOf(one), image: one.sopInstanceUid }] as const),
      ...this.lengths.map((one) => [one.id, { key: keyOfLength(one), image: one.sources[0] ?? '' }] as const),
    ]);
  }

  /** Whether something was drawn, changed or taken away since it was saved. */
  get differ(): boolean {
    const now = this.keys;
    const saved = [...this.#saved.value].filter(([, { image }]) => image === '' || this.#images.has(image));
    return now.size !== saved.length || saved.some(([id, { key }]) => now.get(id)?.key !== key);
  }

  /** These are saved now. */
  noteSaved(keys: ReadonlyMap<string, Kept>): void {
    this.#saved.value = keys;
  }

  /** What was saved is on the screen again, or will be changed by a draft. */
  putBack({ drawings, lengths }: Drawn, shown: boolean): void {
    const own = drawings.flatMap((one) => fromSaved(one) ?? []);
    const spatial = lengths.map((one) => fromSavedLength(one));
    this.#saved.value = new Map([
      ...this.#saved.peek(),
      ...own.map((one) => [one.id, { key: keyOf(one), image: one.sopInstanceUid }] as const),
      ...spatial.map((one) => [one.id, { key: keyOfLength(one), image: one.sources[0] ?? '' }] as const),
    ]);
    if (shown) this.#add(own, spatial);
  }

  /** A draft comes back. */
  restore({ drawings, lengths }: Drawn): void {
    this.#add(drawings.flatMap((one) => fromSaved(one) ?? []), lengths.map((one) => fromSavedLength(one)));
  }

  #add(drawings: readonly Measurement[], lengths: readonly SpatialLength[]): void {
    for (const one of drawings) if (!this.book.find(one.id)) this.book.add(one);
    const there = new Set(this.study.lengths.peek().map(({ id }) => id));
    const added = lengths.filter(({ id }) => !there.has(id));
    if (added.length > 0) this.study.lengths.value = [...this.study.lengths.peek(), ...added];
  }

  /** Put the drawings of an entry on the images, but for those that are there already. */
  show({ sop_instance_uid: uid, drawings, lengths }: SavedContent): void {
    const there = new Set([...this.book.list.map(keyOf), ...this.study.lengths.peek().map(keyOfLength)]);
    for (const drawing of drawings) {
      const one = fromSaved(drawing, `${uid}:${drawing.id}`);
      if (!one || there.has(keyOf(one))) continue;
      this.#others.set(one.id, keyOf(one));
      this.book.add(one);
    }
    const spatial = lengths.map((length) => fromSavedLength(length, `${uid}:${length.id}`)).filter((one) => !there.has(keyOfLength(one)));
    for (const one of spatial) this.#others.set(one.id, keyOfLength(one));
    if (spatial.length > 0) this.study.lengths.value = [...this.study.lengths.peek(), ...spatial];
  }

  /** Take the drawings of an entry away again; what the reader has changed of them is his own. */
  hide(uid: string): void {
    const prefix = `${uid}:`;
    for (const one of this.book.list) {
      if (one.id.startsWith(prefix) && this.#others.get(one.id) === keyOf(one)) this.book.remove(one.id);
    }
    this.study.lengths.value = this.study.lengths.peek().filter(({ id }) => !id.startsWith(prefix));
  }

  /** Take the reader's own off the screen; what was saved is forgotten too. */
  clear(): void {
    for (const one of this.list) this.book.remove(one.id);
    const own = new Set(this.lengths);
    this.study.lengths.value = this.study.lengths.peek().filter((one) => !own.has(one));
    this.#saved.value = new Map();
  }

  /** The study is no longer open: everything on its images goes. */
  leave(): void {
    for (const one of this.book.list) if (this.#images.has(one.sopInstanceUid)) this.book.remove(one.id);
    this.study.lengths.value = [];
  }
}
