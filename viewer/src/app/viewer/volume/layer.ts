/** One volume on the screen: its values, how far it has loaded, and the window it is seen through. */
import { signal } from '@preact/signals';

import type { DisplaySet } from '../../../core/display_set';
import { defaultTransform, type FrameSource, type GrayscaleFrame } from '../../../core/frame';
import { windowOfTable } from '../../../core/grayscale';
import type { VolumeGrid } from '../../../core/volume/grid';
import type { Voi } from '../../../core/viewport';
import { type LoadState, type Refused, VolumeClient } from '../../../volume/volume_client';

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

  private constructor(readonly set: DisplaySet, readonly client: VolumeClient) {}

  static open(set: DisplaySet, frames: FrameSource): Layer | Refused {
    const found: { layer: Layer | null } = { layer: null };
    const client = VolumeClient.open(set, frames, (state) => { if (found.layer) found.layer.load.value = state; });
    if (!(client instanceof VolumeClient)) return client;
    const layer = new Layer(set, client);
    found.layer = layer;
    layer.load.value = { done: 0, total: set.images.length, lost: 0, refused: null };
    client.onFrame = (frame) => layer.take(frame);
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
    this.voi.value ??= this.headerVoi;
  }

  destroy(): void {
    this.client.destroy();
  }
}
