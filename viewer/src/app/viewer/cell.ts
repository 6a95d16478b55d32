/** One cell of the layout: what it shows, which viewport draws it, and changing either without losing the place. */
import { batch, computed, signal } from '@preact/signals';

import { DicomWebError } from '../../core/client';
import type { DisplaySet } from '../../core/display_set';
import type { Tool, Viewport, ViewportFactory, ViewportState } from '../../core/viewport';
import type { ManifestSeries } from '../api';
import type { ImageErrorKey } from '../../i18n/locale';
import { confirmSession, noticeSignedOut } from '../session';
import type { LayerLook } from './objects/layer_look';
import type { OpenStudy } from './open_study';

/** What is put into a cell: a series, or one of the display sets it is split into. */
export interface Subject {
  readonly study: OpenStudy;
  readonly series: ManifestSeries;
  readonly part: number;
}

/** How a cell begins: at which image, and standing how. */
export interface Beginning {
  readonly index?: number | undefined;
  /** Called when the first image is there, before it is seen. */
  readonly arrange?: ((viewport: Viewport) => void) | undefined;
}

export type CellState = 'empty' | 'loading' | 'ready' | 'document' | 'error';

function errorKeyOf(reason: unknown): ImageErrorKey {
  if (!(reason instanceof DicomWebError)) return 'error.image';
  switch (reason.status) {
    case 0: return 'error.image.network';
    case 401: return 'error.image.signed_out';
    case 403: return 'error.image.forbidden';
    case 404: case 410: return 'error.image.not_found';
    default: return 'error.image';
  }
}

export class Cell {
  readonly subject = signal<Subject | null>(null);
  readonly displaySet = signal<DisplaySet | null>(null);
  /** What lies over the images: segmentations, structures, doses. */
  readonly layers = signal<readonly DisplaySet[]>([]);
  /** How they are looked at, by the id of their display set. */
  readonly layerLooks = signal<ReadonlyMap<string, LayerLook>>(new Map());
  readonly view = signal<ViewportState | null>(null);
  readonly state = signal<CellState>('empty');
  readonly errorKey = signal<string | null>(null);
  readonly tier = signal<ViewportFactory['tier'] | null>(null);
  /** Somebody draws in this cell, so it is not handed to another renderer now. */
  readonly drawing = computed(() => this.view.value?.drawing === true || (this.view.value?.editing ?? null) !== null);

  #host: HTMLElement | null = null;
  #viewport: Viewport | null = null;
  #unsubscribe: () => void = () => undefined;
  /** Grows with each order; what an older order brings back late is dropped. */
  #order = 0;
  #making: Promise<Viewport> | null = null;
  #handingOver = false;
  /** How the subject shall begin, until it has. */
  #beginning: Beginning | null = null;

  constructor(
    readonly number: number,
    private factory: ViewportFactory,
    /** The tool the person took; null: none yet, the viewport's own default holds. */
    private readonly tool: () => Tool | null,
  ) {}

  get viewport(): Viewport | null {
    return this.#viewport;
  }

  /** The element the viewports live in; null when the cell leaves the page. */
  attach(host: HTMLElement | null): void {
    if (host === this.#host) return;
    this.#dispose();
    this.#host = host;
    const subject = this.subject.peek();
    if (host && subject) void this.open(subject, this.#beginning ?? { index: this.view.peek()?.index });
  }

  #dispose(): void {
    this.#order += 1;
    this.#unsubscribe();
    this.#viewport?.destroy();
    this.#viewport = null;
    this.#making = null;
    this.tier.value = null;
  }

  /** Show a series: the server's picture stands in (see the view) until the viewport has drawn. */
  async open(subject: Subject, beginning: Beginning = {}): Promise<void> {
    const order = (this.#order += 1);
    this.#beginning = beginning;
    batch(() => {
      this.subject.value = subject;
      this.displaySet.value = null;
      this.layers.value = [];
      this.errorKey.value = null;
      this.state.value = 'loading';
    });
    if (!this.#host) return;
    try {
      const [sets, viewport] = await Promise.all([subject.study.load(subject.series.series_instance_uid), this.#makeViewport()]);
      if (order !== this.#order) return;
      const set = sets[subject.part] ?? sets[0];
      this.displaySet.value = set ?? null;
      if (!set || set.images.length === 0) {
        this.state.value = 'document';
        return;
      }
      this.#equip(viewport);
      await viewport.show(set, beginning.index ?? firstIndex(set, subject));
      if (order !== this.#order) return;
      beginning.arrange?.(viewport);
      this.#beginning = null;
      if (this.state.peek() === 'loading') this.state.value = 'ready';
      void this.#handOver();
    } catch (reason) {
      noticeSignedOut(reason);
      if (order === this.#order) this.fail(errorKeyOf(reason));
    }
  }

  /** Say why nothing is shown; a catalogue key of src/i18n. */
  fail(errorKey: string): void {
    batch(() => {
      this.state.value = 'error';
      this.errorKey.value = errorKey;
    });
  }

  async retry(): Promise<void> {
    const subject = this.subject.peek();
    if (subject) await this.open(subject, this.#beginning ?? { index: this.view.peek()?.index });
  }

  /** The series has gained images: the same image stays on screen, at its new place in the stack. */
  async grow(): Promise<void> {
    const [subject, viewport, view, before] = [this.subject.peek(), this.#viewport, this.view.peek(), this.displaySet.peek()];
    if (!subject || !viewport || !view || !before || this.state.peek() !== 'ready') {
      if (this.state.peek() === 'error') await this.retry();
      return;
    }
    const sets = await subject.study.load(subject.series.series_instance_uid);
    const shown = before.images[view.index];
    const set = sets.find((one) => one.images.some((image) => isSame(image, shown)));
    if (!set || viewport !== this.#viewport || set.images.length === before.images.length) return;
    this.displaySet.value = set;
    await viewport.show(set, set.images.findIndex((image) => isSame(image, shown)));
  }

  #equip(viewport: Viewport): void {
    const tool = this.tool();
    if (tool !== null) viewport.setTool(tool);
  }

  #makeViewport(): Promise<Viewport> {
    if (this.#viewport) return Promise.resolve(this.#viewport);
    this.#making ??= this.#create(this.factory).then(({ viewport, factory }) => {
      this.#take(viewport, factory);
      return viewport;
    });
    return this.#making;
  }

  async #create(factory: ViewportFactory): Promise<{ viewport: Viewport; factory: ViewportFactory }> {
    const host = this.#host;
    if (!host) throw new Error('This cell is not in the page');
    const element = document.createElement('div');
    element.className = 'canvas-host';
    host.append(element);
    try {
      return { viewport: await factory.create(element), factory };
    } catch (reason) {
      element.remove();
      throw reason;
    }
  }

  #take(viewport: Viewport, factory: ViewportFactory): void {
    this.#unsubscribe();
    this.#viewport = viewport;
    this.tier.value = factory.tier;
    this.view.value = viewport.state;
    this.#unsubscribe = viewport.subscribe((state) => this.#changed(state));
  }

  #changed(state: ViewportState): void {
    batch(() => {
      this.view.value = state;
      if (this.state.peek() === 'document' || this.state.peek() === 'empty') return;
      if (state.errorKey !== null) {
        if (state.errorKey === 'error.image.signed_out') void confirmSession();
        this.fail(state.errorKey);
      }
      else if (this.state.peek() === 'error' && state.displaySet) {
        this.state.value = 'ready';
        this.errorKey.value = null;
      }
    });
  }

  /** Let another renderer draw this cell, as soon as it shows an image. */
  async changeFactory(factory: ViewportFactory): Promise<void> {
    this.factory = factory;
    await this.#handOver();
  }

  /** Hand over to the renderer wanted: same image, window, turns and zoom. Both have the same drawings. */
  async #handOver(): Promise<void> {
    const [old, set, { factory }] = [this.#viewport, this.displaySet.peek(), this];
    const free = (): boolean => this.state.peek() === 'ready' && !this.drawing.peek() && this.displaySet.peek()?.id === set?.id;
    if (this.#handingOver || !old || !set || this.tier.peek() === factory.tier || !free()) return;
    this.#handingOver = true;
    try {
      const { viewport } = await this.#create(factory);
      await viewport.show(this.displaySet.peek() ?? set, old.state.index);
      if (old !== this.#viewport || !free()) {
        viewport.destroy();
        viewport.element.remove();
        return;
      }
      restore(viewport, old);
      this.#equip(viewport);
      this.#take(viewport, factory);
      if (old.state.playing) viewport.play(set.frameRate ?? undefined);
      old.destroy();
      old.element.remove();
    } catch (reason) {
      console.warn('This cell stays with the renderer it has', reason);
    } finally {
      this.#handingOver = false;
    }
  }

  rotate(quarterTurns: number): void {
    this.#viewport?.rotate(quarterTurns);
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    this.#viewport?.flip(axis);
  }

  reset(): void {
    this.#viewport?.reset();
  }

  clear(): void {
    this.#order += 1;
    this.#viewport?.stop();
    batch(() => {
      this.subject.value = null;
      this.displaySet.value = null;
      this.layers.value = [];
      this.state.value = 'empty';
    });
  }
}

function isSame(image: DisplaySet['images'][number], other: DisplaySet['images'][number] | undefined): boolean {
  return image.sopInstanceUid === other?.sopInstanceUid && image.frame === other.frame;
}

/** The representative image, whose picture the page has already shown; else the first. */
function firstIndex(set: DisplaySet, { series }: Subject): number {
  const { representative } = series;
  const at = set.images.findIndex(
    (image) => image.sopInstanceUid === representative?.sop_instance_uid && image.frame === representative.frame,
  );
  return Math.max(0, at);
}

/** A window that the image has by itself is left to it: the next image may bring its own. */
function restore(viewport: Viewport, old: Viewport): void {
  const view = old.state;
  if (view.index !== viewport.state.index) viewport.scrollTo(view.index);
  viewport.setPresentation(old.presentation);
  const { voi } = viewport.state;
  const same = voi?.center === view.voi?.center && voi?.width === view.voi?.width && voi?.function === view.voi?.function;
  if (view.voi && !same) viewport.setVoi(view.voi);
  if (view.inverted !== viewport.state.inverted) viewport.setInverted(view.inverted);
}
