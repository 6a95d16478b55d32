/** 1:1 and true size of the image in the active cell. */
import { signal } from '@preact/signals';

import type { ImageReference } from '../../../core/display_set';
import { spacing } from '../../../core/geometry';
import { pixelsPerMm } from '../../screen_scale';
import { oneToOneZoom, trueSizeZoom } from '../true_scale';
import type { Desk } from './desk';
import { lt } from './texts';

export class Scale {
  /** The screen has to be measured first: the dialog for it is open. */
  readonly measuring = signal(false);

  constructor(private readonly desk: Desk) {}

  oneToOne(): void {
    this.#zoomTo(oneToOneZoom(window.devicePixelRatio || 1));
  }

  trueSize(): void {
    const image = this.#image;
    if (!image) return;
    if (pixelsPerMm.peek() === null && trueSizeZoom(image, 1) !== null) {
      this.measuring.value = true;
      return;
    }
    const zoom = trueSizeZoom(image, pixelsPerMm.peek() ?? 1);
    if (zoom === null) {
      this.desk.say(lt('true_size.refused'));
      return;
    }
    this.#zoomTo(zoom);
    if (spacing(image.instance, image.frame).note === 'detector') this.desk.say(lt('true_size.detector'));
  }

  get #image(): ImageReference | null {
    const { activeCell } = this.desk.workspace;
    const view = activeCell.peek().view.peek();
    return view?.displaySet?.images[view.index] ?? null;
  }

  #zoomTo(zoom: number): void {
    const { viewport } = this.desk.workspace;
    if (viewport && viewport.state.zoom > 0) viewport.zoomBy(zoom / viewport.state.zoom);
  }
}
