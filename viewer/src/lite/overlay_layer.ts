/** The overlay planes of the image on screen, on a page of their own that lies and turns as the image does. */
import type { ImageReference } from '../core/display_set';
import type { DecodedFrame } from '../core/frame';
import { overlayPlanes, overlayRgba } from '../core/overlay_plane';
import type { Affine } from './view';

export class OverlayLayer {
  private readonly canvas = document.createElement('canvas');
  private shown: DecodedFrame | null = null;

  constructor(element: HTMLElement) {
    this.canvas.style.cssText = 'position:absolute;left:0;top:0;transform-origin:0 0;pointer-events:none;max-width:none';
    this.canvas.dataset['layer'] = 'overlays';
    this.canvas.hidden = true;
    element.append(this.canvas);
  }

  clear(): void {
    this.shown = null;
    this.canvas.hidden = true;
  }

  /** The image is on screen; without its frame (a preview) it has no overlays. */
  show(image: ImageReference, frame: DecodedFrame | null): void {
    if (frame === this.shown) return;
    this.shown = frame;
    const { rows, columns } = frame?.format ?? { rows: 0, columns: 0 };
    const pixels = frame?.kind === 'grayscale' ? frame.pixels : null;
    const rgba = frame ? overlayRgba(overlayPlanes(image.instance, image.frame, pixels), rows, columns) : null;
    this.canvas.hidden = rgba === null;
    if (!rgba) return;
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.canvas.getContext('2d')?.putImageData(new ImageData(rgba, columns, rows), 0, 0);
  }

  /** The image lies here now. */
  place(placement: Affine | null): void {
    if (!placement || this.canvas.hidden) return;
    const { a, b, c, d, e, f } = placement;
    this.canvas.style.transform = `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})`;
  }

  destroy(): void {
    this.canvas.remove();
  }
}
