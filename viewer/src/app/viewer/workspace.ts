/** The open viewer: its studies, its layout of cells, the active one, the tool in hand. */
import { batch, computed, signal } from '@preact/signals';

import type { DisplaySet } from '../../core/display_set';
import type { Tool, Viewport, ViewportFactory } from '../../core/viewport';
import type { ManifestSeries } from '../api';
import { onResume } from '../session';
import { Cell, type Subject } from './cell';
import type { Desk } from './desk/desk';
import { cellsOf, type Layout, MOST_CELLS, USUAL_LAYOUTS } from './layout';
import { OpenStudy } from './open_study';
import type { LinkOutcome } from './out/follow_link';
import { isEarlier, samePatient } from './patients';
import { isLayerSeries } from './series_kind';

export const CINE_RATES = { least: 1, most: 60, usual: 15 } as const;

/** One entry of the series strip. */
export interface StripEntry extends Subject {
  readonly key: string;
  /** Images of this entry; null until the series has been read, then the manifest's count holds. */
  readonly images: number | null;
  readonly description: string;
}

function entriesOf(study: OpenStudy, series: ManifestSeries): readonly StripEntry[] {
  const sets = study.sets.value.get(series.series_instance_uid);
  const key = series.series_instance_uid;
  if (!sets || sets.length < 2) {
    return [{ study, series, part: 0, key: `${key}#0`, images: null, description: series.series_description }];
  }
  return sets.map((set, part) => ({
    study, series, part, key: `${key}#${part}`, images: set.images.length, description: set.description || series.series_description,
  }));
}

/** Puts on the screen what a link says, once the studies are read. */
export type Follow = (workspace: Workspace) => Promise<LinkOutcome>;

export class Workspace {
  /** The studies that are open; the first is the one being read. */
  readonly opened = signal<readonly OpenStudy[]>([]);
  readonly cells: readonly Cell[];
  readonly layout = signal<Layout>('1x1');
  readonly active = signal(0);
  /** Null until a tool is taken; the viewport's default is then in hand. */
  readonly tool = signal<Tool | null>(null);
  /** What the primary button or one finger does, as both renderers begin: fingers scroll, a mouse changes the window. */
  readonly toolInHand = computed<Tool>(() => this.tool.value ?? (matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window'));
  readonly stripShown = signal(true);
  readonly helpShown = signal(false);
  readonly measurementsShown = signal(false);
  /** The series whose planes are shown over the page; null: none. */
  readonly volume = signal<{ readonly study: OpenStudy; readonly set: DisplaySet; readonly index?: number } | null>(null);
  /** The link that was followed names images that are not there. */
  readonly linkBroken = signal(false);
  /** The dialog of what leaves the viewer. */
  readonly outShown = signal<'picture' | 'print' | 'link' | null>(null);
  readonly cineRate = signal<number>(CINE_RATES.usual);
  /** What belongs to several cells at once (links, hanging, priors); null until it has been loaded. */
  readonly desk = signal<Desk | null>(null);
  /** A study of another patient that waits for the reader to say that it is meant. */
  readonly stranger = signal<OpenStudy | null>(null);
  /** The reader has chosen what stands where: nothing is rearranged by itself any more. */
  arranged = false;

  readonly entries = computed<readonly StripEntry[]>(() => this.opened.value.flatMap(
    (study) => (this.isAdmitted(study) ? study.manifest.value?.series ?? [] : []).flatMap((series) => entriesOf(study, series)),
  ));
  readonly activeCell = computed(() => this.cells[this.active.value] ?? this.#firstCell());
  readonly shownCells = computed(() => this.cells.slice(0, cellsOf(this.layout.value)));
  readonly twoPatients = computed(() => this.opened.value.some((study) => this.isStranger(study) && this.isAdmitted(study)));

  readonly #admitted = signal<ReadonlySet<OpenStudy>>(new Set());
  #stops: (() => void)[] = [];

  constructor(studyUids: readonly string[], factory: ViewportFactory) {
    this.opened.value = studyUids.map((uid) => new OpenStudy(uid));
    this.cells = Array.from({ length: MOST_CELLS }, (_, at) => new Cell(at + 1, factory, () => this.tool.peek()));
    if (studyUids.length > 1) this.layout.value = '1x2';
  }

  #firstCell(): Cell {
    const [first] = this.cells;
    if (!first) throw new Error('A workspace has cells');
    return first;
  }

  get studies(): readonly OpenStudy[] {
    return this.opened.value;
  }

  get viewport(): Viewport | null {
    return this.activeCell.peek().viewport;
  }

  /** Read the studies and put the first series of each into a cell; `seriesUid` chooses another one to begin with. */
  start(seriesUid: string | null, follow: Follow | null = null): void {
    if (follow) {
      this.arranged = true;
      void this.#follow(follow);
      return;
    }
    const [first, ...others] = this.opened.peek();
    const main = first ? this.#read(first).then(() => this.#openFirst(first, 0, seriesUid)) : Promise.resolve();
    others.forEach((study, at) => {
      void Promise.all([main, this.#read(study)]).then(() => {
        if (this.#admit(study)) this.#openFirst(study, at + 1, seriesUid);
      });
    });
    this.#stops.push(onResume(() => {
      for (const cell of this.cells) if (cell.state.peek() === 'error') void cell.retry();
    }));
  }

  /** Read the studies and show what a link says; where it says nothing any more, begin as always. */
  async #follow(follow: Follow): Promise<void> {
    await Promise.all(this.opened.peek().map((study) => this.#read(study)));
    for (const study of this.opened.peek()) if (!this.#admit(study)) break;
    const outcome = await follow(this);
    this.linkBroken.value = outcome === 'missing';
    this.opened.peek().forEach((study, at) => {
      const shown = this.cells.some((cell) => cell.subject.peek()?.study === study);
      if (!shown && this.isAdmitted(study)) this.#openFirst(study, at, null);
    });
  }

  stop(): void {
    this.desk.peek()?.stop();
    for (const study of this.opened.peek()) study.stop();
    for (const stop of this.#stops) stop();
    for (const cell of this.cells) cell.attach(null);
  }

  #read(study: OpenStudy): Promise<void> {
    return study.start((changed) => this.#grown(study, changed));
  }

  async readAgain(study: OpenStudy): Promise<void> {
    study.state.value = 'opening';
    await study.read();
    this.#openFirst(study, this.opened.peek().indexOf(study), null);
  }

  /** Open one more study beside those that are; null when it cannot be read or is refused as another patient's. */
  async join(uid: string): Promise<OpenStudy | null> {
    const known = this.opened.peek().find((study) => study.uid === uid);
    if (known) return known;
    const study = new OpenStudy(uid);
    await this.#read(study);
    const twin = this.opened.peek().find((other) => other.uid === uid);
    if (twin || study.state.peek() !== 'open') {
      study.stop();
      return twin ?? null;
    }
    this.opened.value = [...this.opened.peek(), study];
    return this.#admit(study) ? study : null;
  }

  /** Take a study away, and its images from the cells. */
  leave(study: OpenStudy): void {
    study.stop();
    batch(() => {
      for (const cell of this.cells) if (cell.subject.peek()?.study === study) cell.clear();
      this.opened.value = this.opened.peek().filter((other) => other !== study);
      if (this.stranger.peek() === study) this.stranger.value = null;
    });
  }

  /** True for a study of another person than the first: never shown unasked. */
  isStranger(study: OpenStudy): boolean {
    const [first] = this.opened.value;
    const [mine, other] = [first?.manifest.value?.study, study.manifest.value?.study];
    return study !== first && mine !== undefined && other !== undefined && !samePatient(mine, other);
  }

  isAdmitted(study: OpenStudy): boolean {
    return !this.isStranger(study) || this.#admitted.value.has(study);
  }

  /** The patient is the same, or the reader has said that both are meant. Otherwise the reader is asked. */
  #admit(study: OpenStudy): boolean {
    if (this.isAdmitted(study)) return true;
    this.stranger.value = study;
    return false;
  }

  /** The reader means to see two patients side by side. */
  admitStranger(): void {
    const study = this.stranger.peek();
    if (!study) return;
    batch(() => {
      this.#admitted.value = new Set(this.#admitted.peek()).add(study);
      this.stranger.value = null;
    });
    if (this.layout.peek() === '1x1') this.setLayout('1x2');
    this.#openFirst(study, this.opened.peek().indexOf(study), null);
  }

  /** True when another open study of the same person was made later. */
  isPrior(study: OpenStudy): boolean {
    const mine = study.manifest.value?.study;
    return mine !== undefined && this.opened.value.some(({ manifest }) => {
      const other = manifest.value?.study;
      return other !== undefined && samePatient(mine, other) && isEarlier(mine, other);
    });
  }

  #openFirst(study: OpenStudy, at: number, seriesUid: string | null): void {
    const cell = this.cells[at];
    const series = study.manifest.peek()?.series ?? [];
    const chosen = series.find((one) => one.series_instance_uid === seriesUid) 
      ?? series.find((one) => one.representative && !isLayerSeries(one)) ?? series.find((one) => one.representative) ?? series[0];
    if (cell && chosen && cell.subject.peek() === null) void cell.open({ study, series: chosen, part: 0 });
  }

  #grown(study: OpenStudy, seriesUid: string): void {
    for (const cell of this.cells) {
      const subject = cell.subject.peek();
      if (subject?.study === study && subject.series.series_instance_uid === seriesUid) void cell.grow();
    }
  }

  show(subject: Subject, cell: Cell = this.activeCell.peek()): void {
    if (!this.isAdmitted(subject.study)) return;
    this.arranged = true;
    this.active.value = cell.number - 1;
    if (isLayerSeries(subject.series)) void this.#lay(subject, cell);
    else void cell.open(subject);
  }

  /** A segmentation, structure set or dose goes over the images that are there; by itself it says what it is. */
  async #lay(subject: Subject, cell: Cell): Promise<void> {
    const done = await import('./objects/layering').then(({ addLayer }) => addLayer(cell, subject)).catch(() => false);
    if (!done) await cell.open(subject);
  }

  setTool(tool: Tool): void {
    this.tool.value = tool;
    for (const cell of this.cells) cell.viewport?.setTool(tool);
  }

  /** Only the grid: cells that it has no more are emptied, new ones stay empty. */
  setGrid(layout: Layout): void {
    batch(() => {
      this.layout.value = layout;
      const count = cellsOf(layout);
      if (this.active.peek() >= count) this.active.value = 0;
      this.cells.forEach((cell, at) => { if (at >= count) cell.clear(); });
    });
  }

  /** Change the layout as the reader asks; new cells take the series that follow those already shown. */
  setLayout(layout: Layout): void {
    this.arranged = true;
    this.setGrid(layout);
    const shown = new Set(this.cells.map((cell) => keyOf(cell)));
    const waiting = this.entries.peek().filter((entry) => !shown.has(entry.key) && entry.series.representative !== null && !isLayerSeries(entry.series));
    for (const cell of this.shownCells.peek()) {
      const next = cell.subject.peek() === null ? waiting.shift() : undefined;
      if (next) void cell.open(next);
    }
  }

  stepLayout(): void {
    const next = USUAL_LAYOUTS[(USUAL_LAYOUTS.indexOf(this.layout.peek()) + 1) % USUAL_LAYOUTS.length];
    if (next) this.setLayout(next);
  }

  stepCell(): void {
    this.active.value = (this.active.peek() + 1) % cellsOf(this.layout.peek());
  }

  /** The series before or after the one in the active cell. */
  stepSeries(step: 1 | -1): void {
    const entries = this.entries.peek();
    const at = entries.findIndex((entry) => entry.key === keyOf(this.activeCell.peek()));
    const next = entries[at + step];
    if (next) this.show(next);
  }

  /** Planes and volume of the series in the active cell. */
  openVolume(): void {
    const cell = this.activeCell.peek();
    const [study, set] = [cell.subject.peek()?.study, cell.displaySet.peek()];
    if (study && set && set.images.length > 0) this.volume.value = { study, set, index: cell.view.peek()?.index ?? 0 };
  }

  setCineRate(rate: number): void {
    this.cineRate.value = Math.max(CINE_RATES.least, Math.min(CINE_RATES.most, Math.round(rate)));
    const cell = this.activeCell.peek();
    if (cell.view.peek()?.playing) cell.viewport?.play(this.cineRate.peek());
  }

  /** Start or stop the cine of the active cell; a header that states a rate is asked first. */
  toggleCine(): void {
    const cell = this.activeCell.peek();
    if (cell.view.peek()?.playing) {
      cell.viewport?.stop();
      return;
    }
    const stated = cell.displaySet.peek()?.frameRate;
    if (stated) this.cineRate.value = Math.max(CINE_RATES.least, Math.min(CINE_RATES.most, Math.round(stated)));
    cell.viewport?.play(stated ?? this.cineRate.peek());
  }

  async changeFactory(factory: ViewportFactory): Promise<void> {
    for (const cell of this.cells) await cell.changeFactory(factory);
  }
}

export function keyOf(cell: Cell): string {
  const subject = cell.subject.value;
  return subject ? `${subject.series.series_instance_uid}#${subject.part}` : '';
}
