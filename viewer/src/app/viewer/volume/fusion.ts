/** A second series in colour over the first, where both say that they lie in one frame of reference (PS3.3 C.7.4.1). */
import { batch, signal } from '@preact/signals';

import { text } from '../../../core/attribute';
import type { DisplaySet } from '../../../core/display_set';
import type { FrameSource } from '../../../core/frame';
import type { VolumeRefusal } from '../../../core/volume/grid';
import type { ManifestSeries } from '../../api';
import type { OpenStudy } from '../open_study';
import { Layer } from './layer';

export type FusionRefusal = VolumeRefusal | 'frame_of_reference' | 'patient' | 'not_loaded';

const PATIENT_ID = '00100020';
/** Modalities whose images are volumes. */
const FUSIBLE: readonly string[] = ['PT', 'NM', 'CT', 'MR'];

export class Fusion {
  /** The second volume; null: none. */
  readonly layer = signal<Layer | null>(null);
  readonly refused = signal<{ readonly series: ManifestSeries; readonly reason: FusionRefusal } | null>(null);
  /** How much of the second volume is seen, 0 to 1. */
  readonly opacity = signal(0.5);
  private order = 0;

  constructor(
    private readonly study: OpenStudy,
    private readonly set: DisplaySet,
    private readonly frames: FrameSource,
    private readonly frameOfReferenceUid: string,
  ) {}

  /** The other series of the study that may be laid over this one. */
  get choices(): readonly ManifestSeries[] {
    return (this.study.manifest.value?.series ?? []).filter(
      (series) => series.series_instance_uid !== this.set.seriesInstanceUid && FUSIBLE.includes(series.modality) && series.representative !== null,
    );
  }

  async choose(series: ManifestSeries): Promise<void> {
    this.clear();
    const order = this.order;
    let opened: Layer | FusionRefusal;
    try {
      opened = this.open(await this.study.load(series.series_instance_uid));
    } catch {
      opened = 'not_loaded';
    }
    if (order !== this.order) {
      if (opened instanceof Layer) opened.destroy();
      return;
    }
    if (opened instanceof Layer) this.layer.value = opened;
    else this.refused.value = { series, reason: opened };
  }

  /** The largest display set is the volume; a scout beside it is none. */
  private open(sets: readonly DisplaySet[]): Layer | FusionRefusal {
    const set = sets.toSorted((one, other) => other.images.length - one.images.length)[0];
    const [mine, theirs] = [this.set.images[0], set?.images[0]];
    if (!set || !mine || !theirs) return 'not_images';
    if (text(mine.instance, PATIENT_ID) !== text(theirs.instance, PATIENT_ID)) return 'patient';
    const layer = Layer.open(set, this.frames, true);
    if (!(layer instanceof Layer)) return layer.refusal;
    if (this.frameOfReferenceUid === '' || layer.grid.frameOfReferenceUid !== this.frameOfReferenceUid) {
      layer.destroy();
      return 'frame_of_reference';
    }
    return layer;
  }

  clear(): void {
    this.order += 1;
    this.layer.peek()?.destroy();
    batch(() => {
      this.layer.value = null;
      this.refused.value = null;
    });
  }
}
