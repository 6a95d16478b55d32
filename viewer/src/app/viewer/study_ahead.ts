/**
 * The next study of the list, fetched before it is asked for: its manifest, the headers of its first series, and the
 * first image, which the browser's cache keeps. Nothing else, and only while nothing waits. The server is told that nobody
 * has seen it yet; opening the study reads its manifest again, which is the view.
 */
import { fetchMetadata, PREFETCH, prefetchFrame, prefetchPicture } from '../../core/client';
import type { DicomInstance } from '../../core/display_set';
import { displaySets } from '../../core/display_sets';
import { pixelFormat } from '../../core/pixel_format';
import { type Manifest, type ManifestSeries, readManifest } from '../api';
import { session } from '../session';
import { sharedFrames } from './factories';

/** What is older is read again: a study may have been removed, or the right to see it. */
const FRESH_FOR_MS = 300_000;

interface Fetched {
  readonly uid: string;
  /** For whom: nobody else is shown it. */
  readonly account: string | undefined;
  readonly at: number;
  readonly manifest: Manifest;
  readonly seriesInstanceUid: string;
  readonly metadata: readonly DicomInstance[];
  readonly picture: { readonly address: string; readonly url: string } | null;
}

/** The picture that stands in until the image has been drawn, as the cell asks for it. */
export function standInPicture(studyInstanceUid: string, { series_instance_uid: series, representative }: ManifestSeries): string | null {
  if (!representative) return null;
  const { sop_instance_uid: sop, frame } = representative;
  return `/dicom-web/studies/${studyInstanceUid}/series/${series}/instances/${sop}/frames/${frame}/rendered?viewport=512,512`;
}

export class StudyAhead {
  #fetched: Fetched | null = null;
  #abort: AbortController | null = null;

  /** Fetch a study, instead of the one before; what fails is fetched when it is opened. */
  async fetch(uid: string): Promise<void> {
    if (this.#fresh(uid)) return;
    this.stop();
    this.#forget();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const manifest = await readManifest(uid, abort.signal, PREFETCH);
      const first = manifest.series.find((one) => one.representative) ?? manifest.series[0];
      if (!first) return;
      const address = standInPicture(uid, first);
      const [metadata, blob] = await Promise.all([
        fetchMetadata(uid, first.series_instance_uid, abort.signal, PREFETCH), address === null ? null : prefetchPicture(address, abort.signal),
      ]);
      if (abort.signal.aborted) return;
      const picture = address !== null && blob ? { address, url: URL.createObjectURL(blob) } : null;
      this.#fetched = { uid, account: session.peek()?.account, at: Date.now(), manifest, seriesInstanceUid: first.series_instance_uid, metadata, picture };
      await this.#fetchFirstFrame(first, metadata, abort.signal);
    } catch {
      // It is read when it is opened, and what is wrong is said then.
    }
  }

  async #fetchFirstFrame({ representative }: ManifestSeries, metadata: readonly DicomInstance[], abort: AbortSignal): Promise<void> {
    const images = displaySets(metadata).flatMap((set) => set.images);
    const image = images.find((one) => one.sopInstanceUid === representative?.sop_instance_uid && one.frame === representative.frame);
    const format = image && pixelFormat(image.instance);
    if (image && format) await prefetchFrame(image.frameUrl, sharedFrames().accept(format), abort);
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  manifest(uid: string): Manifest | null {
    return this.#fresh(uid)?.manifest ?? null;
  }

  metadata(uid: string, seriesInstanceUid: string): readonly DicomInstance[] | null {
    const fetched = this.#fresh(uid);
    return fetched?.seriesInstanceUid === seriesInstanceUid ? fetched.metadata : null;
  }

  /** The picture of this address, when it is here already. */
  picture(address: string): string | null {
    const fetched = this.#fetched;
    return fetched?.picture?.address === address && this.#fresh(fetched.uid) ? fetched.picture.url : null;
  }

  #forget(): void {
    const url = this.#fetched?.picture?.url;
    if (url !== undefined) URL.revokeObjectURL(url);
    this.#fetched = null;
  }

  #fresh(uid: string): Fetched | null {
    const fetched = this.#fetched;
    const mine = fetched?.uid === uid && fetched.account !== undefined && fetched.account === session.peek()?.account;
    return mine && Date.now() - fetched.at < FRESH_FOR_MS ? fetched : null;
  }
}

/** The one of this page. */
export const studyAhead = new StudyAhead();
