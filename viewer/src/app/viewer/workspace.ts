/** The open viewer: its studies, its layout of cells, the active one, the tool in hand. */
import { batch, computed, signal } from '@preact/signals';

import type { Tool, Viewport, ViewportFactory } from '../../core/viewport';
import type { ManifestSeries } from '../api';
import { onResume } from '../session';
import { Cell, type Subject } from './cell';
import { OpenStudy } from './open_study';
import type { DisplaySet } from '../../core/display_set';

export const LAYOUTS = ['1x1', '1x2', '2x1', '2x2'] as const;
export type Layout = (typeof LAYOUTS)[number];
export const CELLS_OF: Readonly<Record<Layout, number>> = { '1x1': 1, '1x2': 2, '2x1': 2, '2x2': 4 };
const MOST_CELLS = 4;
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

export class Workspace {
  readonly studies: readonly OpenStudy[];
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
  readonly volume = signal<{ readonly study: OpenStudy; readonly set: DisplaySet } | null>(null);
  readonly cineRate = signal<number>(CINE_RATES.usual);

  readonly entries = computed<readonly StripEntry[]>(() => this.studies.flatMap(
    (study) => (study.manifest.value?.series ?? []).flatMap((series) => entriesOf(study, series)),
  ));
  readonly activeCell = computed(() => this.cells[this.active.value] ?? this.#firstCell());
  readonly shownCells = computed(() => this.cells.slice(0, CELLS_OF[this.layout.value]));
  readonly twoPatients = computed(() => {
    const patients = this.studies.flatMap(({ manifest }) => (manifest.value ? [manifest.value.study] : []));
    return new Set(patients.map((study) => `${study.patient_id}|${study.issuer_of_patient_id}`)).size > 1;
  });

  #stops: (() => void)[] = [];

  constructor(studyUids: readonly string[], factory: ViewportFactory) {
    this.studies = studyUids.map((uid) => new OpenStudy(uid));
    this.cells = Array.from({ length: MOST_CELLS }, (_, at) => new Cell(at + 1, factory, () => this.tool.peek()));
    if (studyUids.length > 1) this.layout.value = '1x2';
  }

  #firstCell(): Cell {
    const [first] = this.cells;
    if (!first) throw new Error('A workspace has cells');
    return first;
  }

  get viewport(): Viewport | null {
    return this.activeCell.peek().viewport;
  }

  /** Read the studies and put the first series of each into a cell; `seriesUid` chooses another one to begin with. */
  start(seriesUid: string | null): void {
    this.studies.forEach((study, at) => {
      void study.start((changed) => this.#grown(study, changed)).then(() => this.#openFirst(study, at, seriesUid));
    });
    this.#stops.push(onResume(() => {
      for (const cell of this.cells) if (cell.state.peek() === 'error') void cell.retry();
    }));
  }

  stop(): void {
    for (const study of this.studies) study.stop();
    for (const stop of this.#stops) stop();
    for (const cell of this.cells) cell.attach(null);
  }

  async readAgain(study: OpenStudy): Promise<void> {
    study.state.value = 'opening';
    await study.read();
    this.#openFirst(study, this.studies.indexOf(study), null);
  }

  #openFirst(study: OpenStudy, at: number, seriesUid: string | null): void {
    const cell = this.cells[at];
    const series = study.manifest.peek()?.series ?? [];
    const chosen = series.find((one) => one.series_instance_uid === seriesUid) ?? series.find((one) => one.representative) ?? series[0];
    if (cell && chosen && cell.subject.peek() === null) void cell.open({ study, series: chosen, part: 0 });
  }

  #grown(study: OpenStudy, seriesUid: string): void {
    for (const cell of this.cells) {
      const subject = cell.subject.peek();
      if (subject?.study === study && subject.series.series_instance_uid === seriesUid) void cell.grow();
    }
  }

  show(subject: Subject, cell: Cell = this.activeCell.peek()): void {
    this.active.value = cell.number - 1;
    void cell.open(subject);
  }

  setTool(tool: Tool): void {
    this.tool.value = tool;
    for (const cell of this.cells) cell.viewport?.setTool(tool);
  }

  /** Change the layout; new cells take the series that follow those already shown. */
  setLayout(layout: Layout): void {
    batch(() => {
      this.layout.value = layout;
      const count = CELLS_OF[layout];
      if (this.active.peek() >= count) this.active.value = 0;
      this.cells.forEach((cell, at) => { if (at >= count) cell.clear(); });
    });
    const shown = new Set(this.cells.map((cell) => keyOf(cell)));
    const waiting = this.entries.peek().filter((entry) => !shown.has(entry.key) && entry.series.representative !== null);
    for (const cell of this.shownCells.peek()) {
      const next = cell.subject.peek() === null ? waiting.shift() : undefined;
      if (next) void cell.open(next);
    }
  }

  stepLayout(): void {
    const next = LAYOUTS[(LAYOUTS.indexOf(this.layout.peek()) + 1) % LAYOUTS.length];
    if (next) this.setLayout(next);
  }

  stepCell(): void {
    this.active.value = (this.active.peek() + 1) % CELLS_OF[this.layout.peek()];
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
    if (study && set && set.images.length > 0) this.volume.value = { study, set };
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
