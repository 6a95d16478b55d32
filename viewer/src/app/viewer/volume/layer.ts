/** One volume on the screen: its values, how far it has loaded, and the window it is seen through. */
import { signal } from '@preact/signals';

import type { DisplaySet } from '../../../core/display_set';
import { defaultTransform, FrameError, type FrameSource, type GrayscaleFrame } from '../../../core/frame';
import { windowOfTable } from '../../../core/grayscale';
import { suvScale } from '../../../core/suv';
import type { VolumeGrid } from '../../../core/volume/grid';
import type { Voi } from '../../../core/viewport';
import { confirmSession } from '../../session';
import { type LoadState, memoryLimit, type Refused, VolumeClient } from '../../../volume/volume_client';

/** What PET is usually seen up to. */
const USUAL_SUV = 10;

/** The factor of a whole series; refused when its images do not agree on it. */
function seriesSuv(set: DisplaySet): ReturnType<typeof suvScale> {
  const [first, ...others] = set.images.map(({ instance }) => suvScale(instance));
  if (!first || 'refused' in first) return first ?? null;
  const refused = others.find((one) => one !== null && 'refused' in one);
  const agree = others.every((one) => one !== null && 'factor' in one && Math.abs(one.factor / first.factor - 1) < 1e-6);
  return agree ? first : refused ?? { refused: 'times' };
}

export class Layer {
  readonly load = signal<LoadState>({ done: 0, total: 1, lost: 0, refused: null });
  readonly voi = signal<Voi | null>(null);
  /** HU, SUV …; empty when the header names none. */
  readonly unit = signal('');
  readonly lossy = signal(false);
  /** The header's polarity. */
  readonly inverse = signal(false);
  /** The window of the first image, to go back to. */
  headerVoi: Voi | null = null;

  /** SUVbw of one unit of the values, or why there is none; null: not PET. */
  readonly suv: ReturnType<typeof suvScale>;

  /** @param over laid over another volume, so seen from zero on, and held in half of the memory */
  private constructor(readonly set: DisplaySet, readonly client: VolumeClient, private readonly over: boolean) {
    this.suv = seriesSuv(set);
  }

  /** What values are multiplied with to be shown. */
  get factor(): number {
    return this.suv && 'factor' in this.suv ? this.suv.factor : 1;
  }

  /** The unit of shown values. */
  get shownUnit(): string {
    return this.suv && 'factor' in this.suv ? 'SUVbw' : this.unit.value;
  }

  /** See values from zero to one, in the volume's own unit. */
  showFromZeroTo(upper: number): void {
    if (upper > 0 && Number.isFinite(upper)) this.voi.value = { center: upper / 2, width: upper, function: 'LINEAR_EXACT' };
  }

  static open(set: DisplaySet, frames: FrameSource, over = false): Layer | Refused {
    const found: { layer: Layer | null } = { layer: null };
    const client = VolumeClient.open(set, frames, (state) => { if (found.layer) found.layer.load.value = state; }, memoryLimit() / (over ? 2 : 1));
    if (!(client instanceof VolumeClient)) return client;
    const layer = new Layer(set, client, over);
    found.layer = layer;
    layer.load.value = { done: 0, total: set.images.length, lost: 0, refused: null };
    client.onFrame = (frame) => layer.take(frame);
    client.onLost = (reason) => { if (reason instanceof FrameError && reason.key === 'error.image.signed_out') void confirmSession(); };
    void client.load();
    return layer;
  }

  get grid(): VolumeGrid {
    return this.client.grid;
  }

  get complete(): boolean {
    const { done, total } = this.load.value;
    return done >= total;
  }

  private take(frame: GrayscaleFrame): void {
    if (frame.lossy) this.lossy.value = true;
    if (this.headerVoi) return;
    const transform = defaultTransform(frame);
    this.headerVoi = transform?.kind === 'window' ? transform.voi : transform ? windowOfTable(transform.table) : null;
    this.unit.value = frame.parameters.unit;
    this.inverse.value = frame.parameters.inverse;
    if (this.over && this.suv && 'factor' in this.suv) this.showFromZeroTo(USUAL_SUV / this.suv.factor);
    this.voi.value ??= this.headerVoi;
  }

  destroy(): void {
    this.client.destroy();
  }
}
