/** The study list: what is loaded, what is chosen, and keeping it true while studies arrive. */
import { batch, computed, signal, type Signal } from '@preact/signals';

import { countStudies, listStudies, type OrderOfStudies, type Study, type StudyPage } from '../api';
import { listen } from '../live';
import { noticeSignedOut, onResume } from '../session';
import { type Filter, questionOf } from './filter';
import { filled, firstHole, lengthened, mergeFirstPage, type Row } from './rows';
import { nextSort, ordered, type Sort, type SortColumn, sorted } from './sort';

const PAGE = 100;
const MOST_ROWS = 500;
/** New studies are looked up at most this often, so that a busy morning does not flood the server. */
const REFRESH_EVERY_MS = 300;
/** An order that the server does not know is made here, of so many of the newest studies at most. */
const SORT_AT_MOST = 1000;
/** After so many studies have moved, what is not loaded yet is asked for anew. */
const MOST_MOVED = 200;
/** Rows around those in sight that are loaded with them. */
const AHEAD_ROWS = 40;

export type ListState = 'loading' | 'ready' | 'failed';

const LATEST: OrderOfStudies = { order: 'received', descending: true };

export class StudyList {
  /** As long as the list is, as far as it is counted; null where nothing has been read. */
  readonly rows = signal<readonly Row[]>([]);
  readonly sort = signal<Sort | null>(null);
  readonly complete = computed(() => this.totalIsExact.value && this.rows.value.length >= this.total.value && !this.rows.value.includes(null));
  /** The order that the server gives the rows in. */
  readonly #served = signal<OrderOfStudies>(LATEST);
  /** The rows in the order of the reader. */
  readonly shown = computed<readonly Row[]>(() => (this.#isServed() ? this.rows.value : sorted(this.rows.value, this.sort.value)));
  readonly total = signal(0);
  /** Whether there are so many; if not, more. */
  readonly totalIsExact = signal(true);
  readonly state = signal<ListState>('loading');
  /** UID of the chosen study; empty: none. */
  readonly chosen = signal('');
  /** UIDs of studies that this person has opened, as far as they are loaded. */
  readonly opened = signal<ReadonlySet<string>>(new Set());
  /** Studies that arrived while the page is open, the newest last. */
  readonly arrived: Signal<Study | null> = signal(null);
  /** UIDs of studies that arrived and have no place yet in the order that was chosen. */
  readonly waiting = signal<ReadonlySet<string>>(new Set());
  readonly chosenStudy = computed(() => this.rows.value.find((study) => study?.study_instance_uid === this.chosen.value) ?? null);

  #filter: Filter;
  #asking: AbortController | null = null;
  #filling = false;
  #sight: readonly [number, number] = [0, 0];
  /** The place that is to be chosen as soon as it is loaded; -1: none. */
  #wished = -1;
  #moved = 0;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #stops: (() => void)[] = [];

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  get filter(): Filter {
    return this.#filter;
  }

  /** Load and stay live until `stop`. */
  start(): void {
    void this.reload();
    this.#stops = [
      listen({ study: (study) => this.#changed(study), resumed: () => void this.reload() }),
      onResume(() => void this.reload()),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#refreshTimer);
    this.#asking?.abort();
  }

  async apply(filter: Filter): Promise<void> {
    this.#filter = filter;
    await this.#replace(PAGE);
  }

  async reload(): Promise<void> {
    await this.#replace(Math.min(MOST_ROWS, Math.max(PAGE, this.#sight[1])), true);
  }

  #isServed(): boolean {
    const { sort } = this;
    return sort.value === null || (ordered(sort.value) !== null && this.#served.value.order !== 'received');
  }

  /** @param same the same list once more: the reader stays where they are in it */
  async #replace(limit: number, same = false): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
    try {
      const page = await this.#read(limit, 0, asking.signal);
      batch(() => {
        this.#moved = 0;
        if (!same) this.#wished = -1;
        const length = same && !page.total_is_exact ? Math.max(page.total, this.rows.peek().length) : page.total;
        this.rows.value = lengthened(page.studies, length);
        this.total.value = length;
        this.totalIsExact.value = page.total_is_exact;
        this.waiting.value = new Set();
        this.#noteOpened(page);
        this.state.value = 'ready';
        if (!this.chosenStudy.value && !(same && this.rows.value.includes(null))) this.chosen.value = '';
      });
      void this.#fill();
      if (!page.total_is_exact) await this.#count(asking);
    } catch (reason) {
      if (!asking.signal.aborted && !noticeSignedOut(reason)) this.state.value = 'failed';
    }
  }

  /** A page counts only so far; the whole list is counted once, so that it can be scrolled to its end. */
  async #count(asking: AbortController): Promise<void> {
    try {
      const total = await countStudies(questionOf(this.#filter, new Date()), asking.signal);
      if (asking !== this.#asking) return;
      batch(() => {
        this.rows.value = lengthened(this.rows.peek(), total);
        this.total.value = this.rows.value.length;
        this.totalIsExact.value = total < 200_000;
      });
    } catch (reason) {
      if (!asking.signal.aborted) noticeSignedOut(reason); // the list is as long as it is known to be
    }
  }

  /** Rows from one place to another are in sight: what is missing there is loaded, and a little around it. */
  see(from: number, to: number): void {
    this.#sight = [from, to];
    void this.#fill();
  }

  /** One page at a time, always of what is in sight now: whoever pulls the scroll bar passes many places. */
  async #fill(): Promise<void> {
    if (this.#filling || this.state.peek() !== 'ready') return;
    this.#filling = true;
    try {
      for (;;) {
        const [from, to] = this.#sight;
        const rows = this.rows.peek();
        const hole = [firstHole(rows, from, to), firstHole(rows, to, to + AHEAD_ROWS), firstHole(rows, from - AHEAD_ROWS, from)]
          .find((at) => at >= 0);
        if (hole === undefined || !(await this.#fillFrom(hole))) return;
      }
    } finally {
      this.#filling = false;
    }
  }

  async #fillFrom(hole: number): Promise<boolean> {
    const asking = this.#asking;
    try {
      const offset = Math.max(0, hole - this.#moved);
      const limit = Math.min(MOST_ROWS, PAGE + hole - offset + this.#moved);
      const page = await this.#read(limit, offset, asking?.signal);
      if (asking !== this.#asking) return true;
      batch(() => {
        this.rows.value = filled(this.rows.peek(), hole, PAGE, page.studies, page.studies.length < limit);
        if (this.totalIsExact.peek() || page.studies.length < limit) this.total.value = this.rows.value.length;
        this.#noteOpened(page);
        const wished = this.rows.value[this.#wished];
        if (wished) {
          this.chosen.value = wished.study_instance_uid;
          this.#wished = -1;
        }
      });
      return true;
    } catch (reason) {
      noticeSignedOut(reason);
      return asking !== this.#asking;
    }
  }

  #noteOpened(page: StudyPage): void {
    if (page.opened.some((uid) => !this.opened.peek().has(uid))) this.opened.value = new Set([...this.opened.peek(), ...page.opened]);
  }

  /** Order by a column: here where all rows are here, else by the server where it knows the order, else of the newest. */
  async sortBy(column: SortColumn | null): Promise<void> {
    const sort = column === null ? null : nextSort(this.sort.peek(), column);
    const served = sort && ordered(sort);
    const here = this.complete.peek() && this.rows.peek().length <= SORT_AT_MOST && this.#served.peek().order === 'received';
    if (here || (sort !== null && served === null && this.#served.peek().order === 'received')) {
      this.sort.value = sort;
      if (!here) await this.#loadSome();
      return;
    }
    batch(() => {
      this.sort.value = sort;
      this.#served.value = served ?? LATEST;
    });
    await this.#replace(PAGE);
    if (sort !== null && served === null) await this.#loadSome();
  }

  async #loadSome(): Promise<void> {
    for (;;) {
      const hole = firstHole(this.rows.peek(), 0, SORT_AT_MOST);
      if (hole < 0 || this.sort.peek() === null || !(await this.#fillFrom(hole))) return; // refused: what is here is sorted
    }
  }

  #read(limit: number, offset: number, abort?: AbortSignal): Promise<StudyPage> {
    return listStudies(questionOf(this.#filter, new Date()), this.#served.peek(), limit, offset, abort);
  }

  #changed(study: Study): void {
    const rows = this.rows.peek();
    const at = rows.findIndex((row) => row?.study_instance_uid === study.study_instance_uid);
    if (at >= 0) {
      if (study.number_of_instances !== rows[at]?.number_of_instances) this.#moved += 1;
      this.rows.value = rows.with(at, study);
    } else {
      this.#refreshTimer ??= setTimeout(() => void this.#refresh(), this.state.peek() === 'loading' ? REFRESH_EVERY_MS : 60);
    }
  }

  async #refresh(): Promise<void> {
    const asking = this.#asking;
    try {
      if (this.#moved > MOST_MOVED) {
        await this.reload();
        return;
      }
      const page = await listStudies(questionOf(this.#filter, new Date()), LATEST, PAGE, 0, asking?.signal);
      if (asking !== this.#asking) return;
      this.#arrivedIn(page);
    } catch (reason) {
      noticeSignedOut(reason);
    } finally {
      setTimeout(() => { this.#refreshTimer = undefined; }, REFRESH_EVERY_MS);
    }
  }

  /** The latest studies: new ones go in front, or wait where the order is another. */
  #arrivedIn(page: StudyPage): void {
    const before = this.rows.peek();
    const known = new Set(before.map((row) => row?.study_instance_uid));
    const added = page.studies.filter((study) => !known.has(study.study_instance_uid));
    if (added.length === 0) return;
    batch(() => {
      this.#noteOpened(page);
      this.arrived.value = added[0] ?? null;
      if (this.#served.peek().order !== 'received') {
        // A study that was not loaded here may only have changed: it is new if it came just now.
        const fresh = added.filter((study) => study.arriving).map((study) => study.study_instance_uid);
        this.waiting.value = new Set([...this.waiting.peek(), ...fresh]);
        return;
      }
      const beyond = Math.max(0, before.length + added.length - page.total);
      let rows = mergeFirstPage(before, page.studies);
      if (page.total_is_exact && beyond > 0 && rows.at(-1) === null) rows = rows.slice(0, Math.max(page.studies.length, rows.length - beyond));
      this.#moved += added.length;
      this.rows.value = rows;
      this.total.value = page.total_is_exact ? page.total : rows.length;
    });
  }

  /** Choose the row a number of rows away from the chosen one, infinity for an end of the list; gives its position. */
  move(step: number): number {
    const rows = this.shown.peek();
    if (rows.length === 0) return -1;
    const now = this.#wished >= 0 ? this.#wished : rows.findIndex((row) => row?.study_instance_uid === this.chosen.peek());
    const from = now >= 0 || !Number.isFinite(step) ? now + step : step < 0 ? rows.length : 0;
    const next = Math.max(0, Math.min(rows.length - 1, from));
    const study = rows[next];
    this.#wished = study ? -1 : next;
    if (study) this.chosen.value = study.study_instance_uid;
    return next;
  }
}
