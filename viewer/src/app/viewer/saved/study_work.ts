/** What is saved of one study, what is drawn and not saved yet, and keeping that until it can be. */
import { batch, computed, signal } from '@preact/signals';

import type { DrawingBook } from '../../../drawing/book';
import { locale } from '../../../i18n/locale';
import { ApiError } from '../../api';
import { noticeSignedOut, session } from '../../session';
import type { OpenStudy } from '../open_study';
import { listSaved, readSaved, save, type SavedContent, type SavedDrawing, type SavedEntry, type SavedImage, type SaveRequest } from './api';
import type { Drafts } from './draft';
import { fromSaved, isComplete, toSaved } from './drawn';
import { freshUuid } from './identity';
import { OwnDrawings } from './own_drawings';

/** `mixed`: an image is of another patient than the study. */
export type SaveState = 'idle' | 'saving' | 'waiting' | 'refused' | 'mixed' | 'failed';
/** How many selections of key images are read to mark their images. */
const MOST_SELECTIONS = 10;
const DRAFT_AFTER_MS = 300;

function stateOf(reason: unknown): SaveState {
  if (!(reason instanceof ApiError)) return 'failed';
  if (reason.status === 403) return 'refused';
  if (reason.status === 409) return 'mixed';
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
  readonly unsavedDrawings = computed(() => this.#own.version.value >= 0 && this.#own.differ);
  readonly unsaved = computed(() => this.chosen.value.length > 0 || this.unsavedDrawings.value);
  /** How many drawings a save would hold. */
  readonly drawn = computed(() => (this.#own.version.value >= 0 ? this.#own.keys.size : 0));

  readonly #own: OwnDrawings;
  /** The reader's own reports whose drawings are on the screen: only these does the next one replace. */
  #based: ReadonlySet<string> = new Set();
  #pending: SaveRequest | null = null;
  #ready = false;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly study: OpenStudy, private readonly book: DrawingBook, private readonly drafts: Drafts) {
    this.#own = new OwnDrawings(study, book);
  }

  /** The study has been opened, or has more images now. */
  setImages(images: ReadonlySet<string>): void {
    this.#own.images = images;
  }

  /** Read what is saved; put back what was drawn here last: the draft if there is one, else what was saved. */
  async start(): Promise<void> {
    await this.readList();
    const draft = this.drafts.read(this.#account, this.study.uid);
    await this.#putBack(draft === null);
    if (draft) {
      batch(() => {
        this.#own.restore({ drawings: draft.drawings, lengths: draft.lengths ?? [] });
        this.chosen.value = draft.keyImages;
        this.#own.touch();
      });
      this.restored.value = this.unsaved.peek() ? draft.at : null;
    }
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
    this.#own.touch();
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
    this.#own.leave();
  }

  async saveMeasurements(): Promise<boolean> {
    if (!this.unsavedDrawings.peek() || this.state.peek() === 'saving') return false;
    const { keys, drawn } = this.#own;
    const wanted: SaveRequest = { ...this.#asked(), kind: 'measurements', ...drawn, replaces: [...this.#based] };
    // What went out before the line dropped may have arrived: the same request is then kept once.
    const again = this.#pending;
    const drawnThen = again?.kind === 'measurements' ? { drawings: again.drawings, lengths: again.lengths } : null;
    const kept = await this.#send(again && JSON.stringify(drawnThen) === JSON.stringify(drawn) ? again : wanted);
    if (!kept) return false;
    this.#based = new Set([kept.sop_instance_uid]);
    this.#own.noteSaved(keys);
    this.restored.value = null;
    this.changed();
    await this.readList();
    return true;
  }

  async saveView(view: Omit<Extract<SaveRequest, { kind: 'view' }>, 'id' | 'language' | 'kind' | 'drawings'>): Promise<boolean> {
    const here = this.book.list.filter((one) => one.sopInstanceUid === view.sop_instance_uid && one.frame === view.frame && isComplete(one));
    const kept = await this.#send({ ...this.#asked(), kind: 'view', ...view, drawings: here.map(toSaved) });
    if (kept) await this.readList();
    return kept !== null;
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
    this.#own.hide(uid);
    this.shown.value = new Set([...this.shown.peek()].filter((one) => one !== uid));
  }

  /** Put the drawings of an entry on the images, but for those that are there already. */
  showDrawings(content: SavedContent): void {
    this.#own.show(content);
    this.shown.value = new Set(this.shown.peek()).add(content.sop_instance_uid);
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
    batch(() => {
      this.#own.clear();
      this.chosen.value = [];
      this.restored.value = null;
      this.state.value = 'idle';
    });
    await this.#putBack(true);
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

  /** What was kept; null: it could not be. */
  async #send(wanted: SaveRequest): Promise<SavedEntry | null> {
    this.state.value = 'saving';
    try {
      const kept = await save(this.study.uid, wanted);
      this.#pending = null;
      this.state.value = 'idle';
      this.changed();
      return kept;
    } catch (reason) {
      noticeSignedOut(reason);
      this.state.value = stateOf(reason);
      this.#pending = wanted;
      this.#writeDraft();
      return null;
    }
  }

  /** The reader's own last state, and where two were saved at once, both; `shown`: its drawings come to the screen now. */
  async #putBack(shown: boolean): Promise<void> {
    const mine = (this.entries.peek() ?? []).filter(
      ({ kind, own, superseded, of_another: another }) => kind === 'measurements' && own && !superseded && !another,
    );
    const read = (await Promise.all(mine.map((entry) => this.read(entry)))).filter((one) => one !== null);
    for (const content of read) this.#own.putBack(content, shown);
    this.#based = new Set(read.map(({ sop_instance_uid: uid }) => uid));
  }

  #writeDraft(): void {
    const account = this.#account;
    if (account === '') return;
    const pending = this.state.peek() === 'waiting' ? this.#pending : null;
    if (!this.unsaved.peek() && pending === null) {
      this.drafts.remove(account, this.study.uid);
      return;
    }
    const draft = { at: new Date().toISOString(), ...this.#own.drawn, keyImages: this.chosen.peek(), pending };
    this.drafts.write(account, this.study.uid, draft);
  }
}

/** A key image without a frame stands for all of its frames. */
function isSameImage(one: SavedImage, other: SavedImage): boolean {
  return one.sop_instance_uid === other.sop_instance_uid && (one.frame === other.frame || one.frame === null || other.frame === null);
}

