/** What is saved in the open studies, and going to it: loaded when the first image is there. */
import { computed, effect, signal, untracked } from '@preact/signals';

import { FEWEST_IMAGES, volumeGrid } from '../../../core/volume/grid';
import { drawings } from '../factories';
import { connectionLost } from '../../live';
import { onResume } from '../../session';
import type { OpenStudy } from '../open_study';
import type { Workspace } from '../workspace';
import type { SavedContent, SavedEntry, SavedImage, SavedLength } from './api';
import { browserDrafts, type Drafts } from './draft';
import { StudyWork } from './study_work';

export class SavedWork {
  readonly works = signal<readonly StudyWork[]>([]);
  readonly unsaved = computed(() => this.works.value.some((work) => work.unsaved.value));
  /** What of the view opened last cannot be shown here. */
  readonly unsupported = signal<readonly string[]>([]);
  #stops: (() => void)[] = [];

  constructor(readonly workspace: Workspace, private readonly drafts: Drafts = browserDrafts()) {
    drafts.sweep();
  }

  /** The work on the study in the active cell. */
  readonly active = computed(() => {
    const study = this.workspace.activeCell.value.subject.value?.study;
    return this.works.value.find((work) => work.study === study) ?? this.works.value[0] ?? null;
  });

  of(study: OpenStudy | undefined): StudyWork | null {
    return this.works.value.find((work) => work.study === study) ?? null;
  }

  start(): void {
    this.#stops.push(effect(() => {
      const studies = this.workspace.opened.value;
      untracked(() => this.#follow(studies));
    }));
    const changed = (): void => { for (const work of this.works.peek()) work.changed(); };
    this.#stops.push(effect(() => {
      const lengths = this.works.value.map(({ study }) => study.lengths.value);
      if (lengths.length > 0) untracked(changed);
    }));
    const again = (): void => { for (const work of this.works.peek()) void work.sendWaiting(); };
    let lost = false;
    this.#stops.push(
      drawings.subscribe(changed),
      onResume(again),
      effect(() => {
        const now = connectionLost.value;
        if (lost && !now) untracked(again);
        lost = now;
      }),
    );
    globalThis.addEventListener('online', again);
    const asks = (event: BeforeUnloadEvent): void => {
      for (const work of this.works.peek()) work.flush();
      if (this.unsaved.peek()) event.preventDefault();
    };
    globalThis.addEventListener('beforeunload', asks);
    this.#stops.push(() => {
      globalThis.removeEventListener('online', again);
      globalThis.removeEventListener('beforeunload', asks);
    });
  }

  /** The viewer is left: what is not saved is in the drafts, and nothing drawn is left for whoever comes next. */
  stop(): void {
    for (const stop of this.#stops) stop();
    for (const work of this.works.peek()) work.stop();
    drawings.clear();
  }

  /** A study that is put aside keeps what is not saved as a draft. */
  #follow(studies: readonly OpenStudy[]): void {
    const known = this.works.peek();
    for (const work of known) if (!studies.includes(work.study)) work.putAside();
    this.works.value = studies.map((study) => known.find((work) => work.study === study) ?? this.#begin(study));
  }

  #begin(study: OpenStudy): StudyWork {
    const work = new StudyWork(study, drawings, this.drafts);
    let first = true;
    this.#stops.push(effect(() => {
      const manifest = study.manifest.value;
      if (!manifest) return;
      untracked(() => {
        work.setImages(new Set(manifest.series.flatMap(({ instances }) => instances.map((one) => one.sop_instance_uid))));
        if (first) void work.start();
        first = false;
      });
    }));
    return work;
  }

  async saveAll(): Promise<boolean> {
    const wanted = this.works.peek().filter((work) => work.unsaved.peek());
    const done = await Promise.all(wanted.map(async (work) => {
      const drawn = !work.unsavedDrawings.peek() || await work.saveMeasurements();
      const chosen = work.chosen.peek().length === 0 || await work.saveKeyImages('113000', '');
      return drawn && chosen;
    }));
    return done.every(Boolean);
  }

  /** Choose the image in the active cell as a key image, or no longer. */
  markImage(): void {
    const cell = this.workspace.activeCell.peek();
    const view = cell.view.peek();
    const image = view?.displaySet?.images[view.index];
    if (image && cell.state.peek() === 'ready') this.of(cell.subject.peek()?.study)?.choose({ sop_instance_uid: image.sopInstanceUid, frame: image.frame });
  }

  /** Show an image of a study in the active cell. */
  async goTo(study: OpenStudy, image: SavedImage): Promise<boolean> {
    const series = study.manifest.peek()?.series.find(({ instances }) => instances.some((one) => one.sop_instance_uid === image.sop_instance_uid));
    if (!series) return false;
    const sets = await study.load(series.series_instance_uid);
    const frame = image.frame ?? 1;
    for (const [part, set] of sets.entries()) {
      const index = set.images.findIndex((one) => one.sopInstanceUid === image.sop_instance_uid && one.frame === frame);
      if (index < 0) continue;
      const cell = this.workspace.activeCell.peek();
      if (cell.displaySet.peek()?.id === set.id && cell.state.peek() === 'ready') cell.viewport?.scrollTo(index);
      else {
        this.workspace.arranged = true; // nothing may be rearranged over what was asked for
        await cell.open({ study, series, part }, { index });
      }
      return true;
    }
    return false;
  }

  /** Show the drawings of a report on their images, and the first of these. */
  async openMeasurements(work: StudyWork, entry: SavedEntry): Promise<void> {
    const content = await work.read(entry);
    if (!content) return;
    this.unsupported.value = content.unsupported;
    work.showDrawings(content);
    const [[first], [spatial]] = [content.drawings, content.lengths];
    if (first) await this.goTo(work.study, first);
    else if (spatial) await this.openVolume(work.study, spatial);
  }

  /** Show a length in the volume it was measured in, else in one of its frame of reference. */
  async openVolume(study: OpenStudy, length: SavedLength): Promise<boolean> {
    const all = study.manifest.peek()?.series ?? [];
    const measured = all.filter(({ instances }) => instances.some((one) => length.sources.includes(one.sop_instance_uid)));
    const many = all.filter(({ instances }) => instances.filter(({ image }) => image).length >= FEWEST_IMAGES);
    for (const series of new Set([...measured, ...many])) {
      const sets = await study.load(series.series_instance_uid);
      const set = sets.find((one) => {
        const grid = volumeGrid(one);
        return typeof grid !== 'string' && grid.frameOfReferenceUid === length.frame_of_reference_uid;
      });
      if (!set) continue;
      this.workspace.volume.value = { study, set };
      return true;
    }
    return false;
  }

  /** Show a view as it was saved. */
  async openView(work: StudyWork, entry: SavedEntry): Promise<void> {
    const content: SavedContent | null = await work.read(entry);
    const [image] = content?.images ?? [];
    if (!content || !image || !await this.goTo(work.study, image)) return;
    const viewport = this.workspace.activeCell.peek().viewport;
    const { look } = content;
    if (!viewport || !look) return;
    viewport.reset();
    const { rotation, flipped, magnification, centre } = look;
    viewport.setPresentation({ rotation, flipped, magnification, centre });
    if (look.window) viewport.setVoi(look.window);
    if (look.inverted) viewport.setInverted(true);
    this.unsupported.value = content.unsupported;
    work.showDrawings(content);
  }
}
