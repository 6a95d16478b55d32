/** The study list: what is loaded, what is chosen, and keeping it true while studies arrive. */
import { batch, computed, signal, type Signal } from '@preact/signals';

import { listStudies, type Study, type StudyPage } from '../api';
import { listen } from '../live';
import { noticeSignedOut, onResume } from '../session';
import { type Filter, questionOf } from './filter';
import { appendPage, mergeFirstPage } from './rows';
import { nextSort, type Sort, type SortColumn, sorted } from './sort';

const PAGE = 100;
const RELOAD_AT_MOST = 500;
/** New studies are looked up at most this often, so that a busy morning does not flood the server. */
const REFRESH_EVERY_MS = 300;
/** A chosen order is made here, of so many of the newest studies at most; whoever has more narrows the list. */
const SORT_AT_MOST = 1000;

export type ListState = 'loading' | 'ready' | 'failed';

export class StudyList {
  readonly rows = signal<readonly Study[]>([]);
  /** The rows in the order of the reader. */
  readonly shown = computed(() => sorted(this.rows.value, this.sort.value));
  readonly total = signal(0);
  /** Whether there are so many; if not, more. */
  readonly totalIsExact = signal(true);
  readonly sort = signal<Sort | null>(null);
  readonly state = signal<ListState>('loading');
  /** UID of the chosen study; empty: none. */
  readonly chosen = signal('');
  /** Studies that arrived while the page is open, the newest last. */
  readonly arrived: Signal<Study | null> = signal(null);
  readonly chosenStudy = computed(() => this.rows.value.find((study) => study.study_instance_uid === this.chosen.value) ?? null);
  readonly complete = computed(() => this.rows.value.length >= this.total.value);

  #filter: Filter;
  #asking: AbortController | null = null;
  #loadingMore = false;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #stops: (() => void)[] = [];

  constructor(filter: Filter) {
    this.#filter = filter;
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
    await this.#replace(Math.min(RELOAD_AT_MOST, Math.max(PAGE, this.rows.peek().length)));
  }

  async #replace(limit: number): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
    try {
      const page = await this.#read(limit, 0, asking.signal);
      batch(() => {
        this.rows.value = page.studies;
        this.total.value = page.total;
        this.totalIsExact.value = page.total_is_exact;
        this.state.value = 'ready';
        if (!this.chosenStudy.value) this.chosen.value = '';
      });
    } catch (reason) {
      if (!asking.signal.aborted && !noticeSignedOut(reason)) this.state.value = 'failed';
    }
  }

  /** The next page, when the reader nears the end. */
  async more(): Promise<void> {
    if (this.#loadingMore || this.complete.peek() || this.state.peek() !== 'ready') return;
    this.#loadingMore = true;
    const asking = this.#asking;
    try {
      const page = await this.#read(PAGE, this.rows.peek().length, asking?.signal);
      if (asking === this.#asking) {
        batch(() => {
          this.rows.value = appendPage(this.rows.peek(), page.studies);
          // An empty page is the end, whatever was counted before.
          const end = page.studies.length === 0;
          this.total.value = end ? this.rows.value.length : page.total;
          this.totalIsExact.value = end || page.total_is_exact;
        });
      }
    } catch (reason) {
      noticeSignedOut(reason);
    } finally {
      this.#loadingMore = false;
    }
  }

  /** Order by a column, for which all rows have to be here. */
  async sortBy(column: SortColumn): Promise<void> {
    this.sort.value = nextSort(this.sort.peek(), column);
    while (this.sort.peek() && !this.complete.peek() && this.rows.peek().length < SORT_AT_MOST) {
      const before = this.rows.peek().length;
      await this.more();
      if (this.rows.peek().length === before) return; // refused or unreachable: what is here is sorted
    }
  }

  #read(limit: number, offset: number, abort?: AbortSignal): Promise<StudyPage> {
    return listStudies(questionOf(this.#filter, new Date()), limit, offset, abort);
  }

  #changed(study: Study): void {
    const rows = this.rows.peek();
    const at = rows.findIndex((row) => row.study_instance_uid === study.study_instance_uid);
    if (at >= 0) this.rows.value = rows.with(at, study);
    else this.#refreshTimer ??= setTimeout(() => void this.#refresh(), this.state.peek() === 'loading' ? REFRESH_EVERY_MS : 60);
  }

  async #refresh(): Promise<void> {
    const asking = this.#asking;
    try {
      const page = await this.#read(PAGE, 0, asking?.signal);
      if (asking !== this.#asking) return;
      batch(() => {
        const before = this.rows.peek();
        this.rows.value = mergeFirstPage(before, page.studies);
        this.total.value = Math.max(page.total, 0);
        this.totalIsExact.value = page.total_is_exact;
        const first = this.rows.value[0];
        if (first && first !== before[0] && !before.some((row) => row.study_instance_uid === first.study_instance_uid)) {
          this.arrived.value = first;
        }
      });
    } catch (reason) {
      noticeSignedOut(reason);
    } finally {
      setTimeout(() => { this.#refreshTimer = undefined; }, REFRESH_EVERY_MS);
    }
  }

  /** Choose the row a number of rows away from the chosen one; gives its position. */
  move(step: number): number {
    const rows = this.shown.peek();
    if (rows.length === 0) return -1;
    const now = rows.findIndex((row) => row.study_instance_uid === this.chosen.peek());
    const next = now < 0 ? (step < 0 ? rows.length - 1 : 0) : Math.max(0, Math.min(rows.length - 1, now + step));
    this.chosen.value = rows[next]?.study_instance_uid ?? '';
    return next;
  }
}
