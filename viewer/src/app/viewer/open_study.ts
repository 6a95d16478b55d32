/** One study that is open: its manifest, the display sets of the series asked for so far, and staying true while it arrives. */
import { signal } from '@preact/signals';

import type { DisplaySet } from '../../core/display_set';
import { displaySets } from '../../core/display_sets';
import { fetchMetadata } from '../../core/client';
import type { SpatialLength } from '../../core/volume/spatial_length';
import { ApiError, type Manifest, type ManifestSeries, readManifest, type Study } from '../api';
import { listen } from '../live';
import { noticeSignedOut, onResume } from '../session';
import { bootManifest } from './boot';
import { studyAhead } from './study_ahead';

export type OpenState = 'opening' | 'open' | 'not_found' | 'forbidden' | 'signed_out' | 'unreachable' | 'failed';

function stateOf(reason: unknown): OpenState {
  if (!(reason instanceof ApiError)) return 'failed';
  switch (reason.status) {
    case 0: return 'unreachable';
    case 401: return 'signed_out';
    case 403: return 'forbidden';
    case 400: case 404: case 410: return 'not_found';
    default: return 'failed';
  }
}

const NEWS_EVERY_MS = 400;

export class OpenStudy {
  readonly state = signal<OpenState>('opening');
  readonly manifest = signal<Manifest | null>(null);
  /** Display sets of the series whose metadata has been read, by Series Instance UID. */
  readonly sets = signal<ReadonlyMap<string, readonly DisplaySet[]>>(new Map());
  /** Straight lengths measured in its volumes. */
  readonly lengths = signal<readonly SpatialLength[]>([]);
  problemId: string | null = null;

  #loading = new Map<string, Promise<readonly DisplaySet[]>>();
  #newsTimer: ReturnType<typeof setTimeout> | undefined;
  #stops: (() => void)[] = [];
  #changed: (seriesInstanceUid: string) => void = () => undefined;

  constructor(readonly uid: string) {}

  /** Read the manifest and stay live; `changed` is told of each loaded series that has gained images. */
  async start(changed: (seriesInstanceUid: string) => void): Promise<void> {
    this.#changed = changed;
    this.#stops = [
      listen({ study: (study) => { if (!this.#isKnown(study)) this.#news(study.number_of_instances); }, resumed: () => this.#news(-1) }, this.uid),
      onResume(() => { if (this.state.peek() === 'open') this.#news(-1); else void this.read(); }),
    ];
    const boot = bootManifest();
    if (boot?.study.study_instance_uid === this.uid) {
      this.manifest.value = boot;
      this.state.value = 'open';
      return;
    }
    const ahead = studyAhead.manifest(this.uid);
    if (ahead) {
      this.manifest.value = ahead;
      this.state.value = 'open';
      void this.#confirm(); // images may have come since, and now it is a view
      return;
    }
    await this.read();
  }

  /** What was fetched ahead is shown only to whom it is open now. */
  async #confirm(): Promise<void> {
    await this.#readAgain((reason) => {
      const state = stateOf(reason);
      if (state !== 'forbidden' && state !== 'not_found') return;
      this.manifest.value = null;
      this.state.value = state;
    });
  }

  stop(): void {
    clearTimeout(this.#newsTimer);
    for (const stop of this.#stops) stop();
  }

  async read(failed: (reason: unknown) => void = () => undefined): Promise<void> {
    try {
      this.manifest.value = await readManifest(this.uid);
      this.state.value = 'open';
    } catch (reason) {
      noticeSignedOut(reason);
      failed(reason);
      if (this.manifest.peek()) return; // what is open stays open
      this.problemId = reason instanceof ApiError ? reason.problemId : null;
      this.state.value = stateOf(reason);
    }
  }

  series(seriesInstanceUid: string): ManifestSeries | null {
    return this.manifest.peek()?.series.find((one) => one.series_instance_uid === seriesInstanceUid) ?? null;
  }

  /** The display sets of a series, read once. @throws DicomWebError */
  load(seriesInstanceUid: string, anew = false): Promise<readonly DisplaySet[]> {
    const known = this.#loading.get(seriesInstanceUid);
    if (known) return known;
    const ahead = anew ? null : studyAhead.metadata(this.uid, seriesInstanceUid);
    const loading = (ahead ? Promise.resolve(ahead) : fetchMetadata(this.uid, seriesInstanceUid)).then((instances) => {
      const sets = displaySets(instances);
      this.sets.value = new Map(this.sets.peek()).set(seriesInstanceUid, sets);
      return sets;
    });
    this.#loading.set(seriesInstanceUid, loading);
    loading.catch((reason: unknown) => {
      if (this.#loading.get(seriesInstanceUid) === loading) this.#loading.delete(seriesInstanceUid);
      noticeSignedOut(reason);
    });
    return loading;
  }

  /** The stream begins with what the page already holds: that is not read once more before the first image. */
  #isKnown(study: Study): boolean {
    const known = this.manifest.peek()?.study;
    return known !== undefined && Object.entries(study).every(([name, value]) => JSON.stringify(value) === JSON.stringify(known[name as keyof Study]));
  }

  #news(count: number): void {
    if (count === this.manifest.peek()?.study.number_of_instances) {
      // Only the state of arriving may have changed.
      void this.read();
      return;
    }
    this.#newsTimer ??= setTimeout(() => {
      this.#newsTimer = undefined;
      void this.#readAgain();
    }, NEWS_EVERY_MS);
  }

  async #readAgain(failed?: (reason: unknown) => void): Promise<void> {
    const before = new Map(this.manifest.peek()?.series.map((one) => [one.series_instance_uid, one.number_of_instances]));
    await this.read(failed);
    for (const { series_instance_uid: uid, number_of_instances: count } of this.manifest.peek()?.series ?? []) {
      if (before.get(uid) === count || !this.#loading.has(uid)) continue;
      this.#loading.delete(uid);
      try {
        await this.load(uid, true);
        this.#changed(uid);
      } catch {
        // The next event, or opening the series again, reads it once more.
      }
    }
  }
}
