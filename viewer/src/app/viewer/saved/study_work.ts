/** What is saved of one study, what is drawn and not saved yet, and keeping that until it can be. */
import { batch, computed, signal } from '@preact/signals';

import type { Measurement } from '../../../core/measurement';
import type { DrawingBook } from '../../../drawing/book';
import { locale } from '../../../i18n/locale';
import { ApiError } from '../../api';
import { noticeSignedOut, session } from '../../session';
import type { OpenStudy } from '../open_study';
import { listSaved, readSaved, save, type SavedContent, type SavedDrawing, type SavedEntry, type SavedImage, type SaveRequest } from './api';
import type { Draft, Drafts } from './draft';
import { fromSaved, isComplete, keyOf, toSaved } from './drawn';
import { freshUuid } from './identity';

export type SaveState = 'idle' | 'saving' | 'waiting' | 'refused' | 'failed';
/** How many selections of key images are read to mark their images. */
const MOST_SELECTIONS = 10;
const DRAFT_AFTER_MS = 300;

function stateOf(reason: unknown): SaveState {
  if (!(reason instanceof ApiError)) return 'failed';
  if (reason.status === 403) return 'refused';
  return reason.status === 0 || reason.status === 401 || reason.status >= 500 ? 'waiting' : 'failed';
}

export class StudyWork {
  /** Null: not read yet. */
  readonly entries = signal<readonly SavedEntry[] | null>(null);
  readonly listFailed = signal(false);
  readonly state = signal<SaveState>('idle');
  /** Contents that have been read, by SOP Instance UID. */
  readonly contents = signal<ReadonlyMap<string, SavedContent>>(new Map());
  /** Whose drawings are on the screen, by SOP Instance UID. */
  readonly shown = signal<ReadonlySet<string>>(new Set());
  /** Key images chosen and not saved yet. */
  readonly chosen = signal<readonly SavedImage[]>([]);
  /** When the draft was written that has been put back; null: none was. */
  readonly restored = signal<string | null>(null);
  readonly unsaved = computed(() => this.#version.value >= 0 && this.#differs());
  readonly unsavedDrawings = computed(() => this.#version.value >= 0 && this.#drawingsDiffer());
  /** Drawings that a save would hold. */
  readonly drawn = computed<readonly Measurement[]>(() => (this.#version.value >= 0 ? this.#own() : []));

  #version = signal(0);
  /** What was saved last, by the name of the drawing. */
  #saved = signal<ReadonlyMap<string, string>>(new Map());
  /** Drawings of others that are shown, as they were: changed ones are the reader's own. */
  #others = new Map<string, string>();
  #pending: SaveRequest | null = null;
  #images: ReadonlySet<string> = new Set();
  #ready = false;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly study: OpenStudy, private readonly book: DrawingBook, private readonly drafts: Drafts) {}

  /** The study has been opened, or has more images now. */
  setImages(images: ReadonlySet<string>): void {
    this.#images = images;
    this.#version.value = this.#version.peek() + 1;
  }

  /** Read what is saved; put back what was drawn here last: the draft if there is one, else what was saved. */
  async start(): Promise<void> {
    await this.readList();
    const draft = this.drafts.read(this.#account, this.study.uid);
    const last = this.entries.peek()?.find(({ kind, own, superseded }) => kind === 'measurements' && own && !superseded);
    if (last) await this.#putBack(last, draft !== null);
    if (draft) this.#restore(draft);
    this.#ready = true;
    this.changed();
    if (draft?.pending) {
      this.#pending = draft.pending;
      this.state.value = 'waiting';
      await this.sendWaiting();
    }
  }

  async readList(): Promise<void> {
    try {
      this.entries.value = await listSaved(this.study.uid);
      this.listFailed.value = false;
    } catch (reason) {
      noticeSignedOut(reason);
      this.listFailed.value = true;
    }
    const selections = (this.entries.peek() ?? []).filter(({ kind }) => kind === 'key_images').slice(0, MOST_SELECTIONS);
    await Promise.all(selections.map((entry) => this.read(entry)));
  }

  /** The content of an entry; null: it cannot be read now. */
  async read({ sop_instance_uid: uid }: SavedEntry): Promise<SavedContent | null> {
    const known = this.contents.peek().get(uid);
    if (known) return known;
    try {
      const content = await readSaved(this.study.uid, uid);
      this.contents.value = new Map(this.contents.peek()).set(uid, content);
      return content;
    } catch (reason) {
      noticeSignedOut(reason);
      this.state.value = 'failed';
      return null;
    }
  }

  /** Something has been drawn, changed or taken away; the draft follows a moment later, not with each move of a hand. */
  changed(): void {
    this.#version.value = this.#version.peek() + 1;
    if (this.#ready) this.#draftTimer ??= setTimeout(() => this.flush(), DRAFT_AFTER_MS);
  }

  /** Keep the draft now. */
  flush(): void {
    clearTimeout(this.#draftTimer);
    this.#draftTimer = undefined;
    if (this.#ready) this.#writeDraft();
  }

  stop(): void {
    this.flush();
    this.#ready = false;
  }

  /** The study is no longer open: its drawings leave the page, and wait in the draft. */
  putAside(): void {
    this.stop();
    for (const one of this.book.list) if (this.#images.has(one.sopInstanceUid)) this.book.remove(one.id);
  }

  async saveMeasurements(): Promise<boolean> {
    const drawings = this.#own();
    if (drawings.length === 0 || this.state.peek() === 'saving') return false;
    const keys = keysOf(drawings);
    const mine = (this.entries.peek() ?? []).filter(({ kind, own, superseded }) => kind === 'measurements' && own && !superseded);
    const wanted: SaveRequest = {
      ...this.#asked(), kind: 'measurements', drawings: drawings.map(toSaved), replaces: mine.map(({ sop_instance_uid: uid }) => uid),
    };
    // What went out before the line dropped may have arrived: the same request is then kept once.
    const again = this.#pending;
    const same = again?.kind === 'measurements' && JSON.stringify(again.drawings) === JSON.stringify(wanted.drawings);
    if (!await this.#send(same ? again : wanted)) return false;
    this.#saved.value = keys;
    this.restored.value = null;
    this.changed();
    await this.readList();
    return true;
  }

  async saveView(view: Omit<Extract<SaveRequest, { kind: 'view' }>, 'id' | 'language' | 'kind' | 'drawings'>): Promise<boolean> {
    const here = this.book.list.filter((one) => one.sopInstanceUid === view.sop_instance_uid && one.frame === view.frame && isComplete(one));
    const kept = await this.#send({ ...this.#asked(), kind: 'view', ...view, drawings: here.map(toSaved) });
    if (kept) await this.readList();
    return kept;
  }

  async saveKeyImages(title: string, note: string): Promise<boolean> {
    const images = this.chosen.peek();
    if (images.length === 0 || !await this.#send({ ...this.#asked(), kind: 'key_images', title, note, images })) return false;
    this.chosen.value = [];
    this.changed();
    await this.readList();
    return true;
  }

  /** Choose an image as a key image, or no longer. */
  choose(image: SavedImage): void {
    const rest = this.chosen.peek().filter((one) => !isSameImage(one, image));
    this.chosen.value = rest.length < this.chosen.peek().length ? rest : [...rest, image];
    this.changed();
  }

  /** Show the drawings of an entry on the images, or take them away. */
  async toggle(entry: SavedEntry): Promise<void> {
    const { sop_instance_uid: uid } = entry;
    if (this.shown.peek().has(uid)) {
      this.hide(uid);
      return;
    }
    const content = await this.read(entry);
    if (content) this.showDrawings(content);
  }

  hide(uid: string): void {
    const prefix = `${uid}:`;
    for (const one of this.book.list) {
      if (one.id.startsWith(prefix) && this.#others.get(one.id) === keyOf(one)) this.book.remove(one.id);
    }
    this.shown.value = new Set([...this.shown.peek()].filter((one) => one !== uid));
  }

  /** Put the drawings of an entry on the images, but for those that are there already. */
  showDrawings(content: SavedContent): void {
    const uid = content.sop_instance_uid;
    const there = new Set(this.book.list.map(keyOf));
    for (const drawing of content.drawings) {
      const one = fromSaved(drawing, `${uid}:${drawing.id}`);
      if (!one || there.has(keyOf(one))) continue;
      this.#others.set(one.id, keyOf(one));
      this.book.add(one);
    }
    this.shown.value = new Set(this.shown.peek()).add(uid);
  }

  /** Shapes that are no measurements, of entries that are shown, on an image. */
  shapesOn(image: { readonly sopInstanceUid: string; readonly frame: number }): readonly SavedDrawing[] {
    return [...this.shown.value].flatMap((uid) => this.contents.value.get(uid)?.drawings ?? []).filter(
      (one) => one.sop_instance_uid === image.sopInstanceUid && one.frame === image.frame && fromSaved(one) === null,
    );
  }

  /** Whether an image is a key image: chosen now, or in a selection that is saved. */
  isKeyImage(image: SavedImage): boolean {
    const saved = [...this.contents.value.values()].filter(({ kind }) => kind === 'key_images').flatMap(({ images }) => images);
    return [...this.chosen.value, ...saved].some((one) => isSameImage(one, image));
  }

  /** Forget the draft: what was saved stays, drawings on the screen go back to it. */
  async discard(): Promise<void> {
    for (const one of this.#own()) this.book.remove(one.id);
    batch(() => {
      this.chosen.value = [];
      this.restored.value = null;
      this.state.value = 'idle';
      this.#saved.value = new Map();
    });
    const last = this.entries.peek()?.find(({ kind, own, superseded }) => kind === 'measurements' && own && !superseded);
    if (last) await this.#putBack(last, false);
    this.changed();
  }

  /** The line is back, or somebody has signed in again. */
  async sendWaiting(): Promise<void> {
    if (this.state.peek() !== 'waiting') return;
    this.state.value = 'idle';
    if (this.#pending && this.#pending.kind !== 'measurements') {
      if (await this.#send(this.#pending)) await this.readList();
    }
    if (this.unsaved.peek()) await this.saveMeasurements();
  }

  get #account(): string {
    return session.peek()?.account ?? '';
  }

  #asked(): { id: string; language: string } {
    return { id: freshUuid(), language: locale.peek() };
  }

  async #send(wanted: SaveRequest): Promise<boolean> {
    this.state.value = 'saving';
    try {
      await save(this.study.uid, wanted);
      this.#pending = null;
      this.state.value = 'idle';
      this.changed();
      return true;
    } catch (reason) {
      noticeSignedOut(reason);
      this.state.value = stateOf(reason);
      this.#pending = wanted;
      this.#writeDraft();
      return false;
    }
  }

  /** Drawings of this study that are the reader's own. */
  #own(): readonly Measurement[] {
    return this.book.list.filter((one) => this.#images.has(one.sopInstanceUid) && isComplete(one) && this.#others.get(one.id) !== keyOf(one));
  }

  #differs(): boolean {
    return this.chosen.value.length > 0 || this.#drawingsDiffer();
  }

  #drawingsDiffer(): boolean {
    const now = this.#own();
    const saved = this.#saved.value;
    return now.some((one) => saved.get(one.id) !== keyOf(one)) || (now.length > 0 && now.length !== saved.size);
  }

  async #putBack(last: SavedEntry, draftComes: boolean): Promise<void> {
    const content = await this.read(last);
    const drawings = (content?.drawings ?? []).flatMap((one) => fromSaved(one) ?? []);
    this.#saved.value = keysOf(drawings);
    if (draftComes) return;
    for (const one of drawings) if (!this.book.find(one.id)) this.book.add(one);
  }

  #restore(draft: Draft): void {
    for (const one of draft.drawings.flatMap((drawing) => fromSaved(drawing) ?? [])) this.book.add(one);
    batch(() => {
      this.chosen.value = draft.keyImages;
      this.#version.value = this.#version.peek() + 1;
    });
    this.restored.value = this.#differs() ? draft.at : null;
  }

  #writeDraft(): void {
    const account = this.#account;
    if (account === '') return;
    const pending = this.state.peek() === 'waiting' ? this.#pending : null;
    if (!this.#differs() && pending === null) {
      this.drafts.remove(account, this.study.uid);
      return;
    }
    const draft = { at: new Date().toISOString(), drawings: this.#own().map(toSaved), keyImages: this.chosen.peek(), pending };
    this.drafts.write(account, this.study.uid, draft);
  }
}

function keysOf(drawings: readonly Measurement[]): ReadonlyMap<string, string> {
  return new Map(drawings.map((one) => [one.id, keyOf(one)]));
}

/** A key image without a frame stands for all of its frames. */
function isSameImage(one: SavedImage, other: SavedImage): boolean {
  return one.sop_instance_uid === other.sop_instance_uid && (one.frame === other.frame || one.frame === null || other.frame === null);
}

