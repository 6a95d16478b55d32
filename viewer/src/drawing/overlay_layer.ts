/** Shutter and overlay planes of the image on screen, on a page of their own that lies and turns as the image does. */
import type { Affine } from '../core/affine';
import type { ImageReference } from '../core/display_set';
import type { DecodedFrame } from '../core/frame';
import { pixelAspect } from '../core/geometry';
import type { RawPixels } from '../core/grayscale';
import { css } from '../core/layer_colour';
import { overlayPlanes, overlayRgba, type PaintedPlane, shutterPlane } from '../core/overlay_plane';
import { shutter, shutterColour, shutterPaths } from '../core/shutter';

const SVG = 'http://www.w3.org/2000/svg';
const PAGE = 'position:absolute;left:0;top:0;pointer-events:none;';

/** A bitmap shutter lies under the overlays, on the same page (PS3.3 C.7.6.15). */
export function bitmapShutter({ instance, frame }: ImageReference, rows: number, columns: number, pixels: RawPixels | null): PaintedPlane | null {
  const plane = shutterPlane(instance, frame, rows, columns, pixels);
  return plane && { plane, colour: shutterColour(instance) };
}

export class OverlayLayer {
  private readonly canvas = document.createElement('canvas');
  private readonly page = document.createElementNS(SVG, 'svg');
  private readonly shade = document.createElementNS(SVG, 'g');
  private shown: DecodedFrame | null = null;

  /** @param before the layer lies under this element of `parent`; null: over everything that is there */
  constructor(parent: Element, before: Element | null = null) {
    this.canvas.style.cssText = `${PAGE}transform-origin:0 0;max-width:none;image-rendering:pixelated`;
    this.canvas.dataset['layer'] = 'overlays';
    this.page.style.cssText = `${PAGE}width:100%;height:100%`;
    this.page.dataset['layer'] = 'shutter';
    this.page.setAttribute('aria-hidden', 'true');
    this.shade.setAttribute('fill-rule', 'evenodd');
    // Edges between pixels stay edges between pixels.
    this.shade.setAttribute('shape-rendering', 'crispEdges');
    this.page.append(this.shade);
    this.clear();
    parent.insertBefore(this.page, before);
    parent.insertBefore(this.canvas, before);
  }

  clear(): void {
    this.shown = null;
    this.canvas.hidden = true;
    this.page.style.display = 'none';
  }

  /** The image is on screen; without its frame it is a preview, which the server has made with both. */
  show(image: ImageReference, frame: DecodedFrame | null): void {
    if (frame === this.shown) return;
    this.shown = frame;
    this.shut(image, frame);
    const { rows, columns } = frame?.format ?? { rows: 0, columns: 0 };
    const pixels = frame?.kind === 'grayscale' ? frame.pixels : null;
    const rgba = frame ? overlayRgba(overlayPlanes(image.instance, image.frame, pixels), rows, columns, bitmapShutter(image, rows, columns, pixels)) : null;
    this.canvas.hidden = rgba === null;
    if (!rgba) return;
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.canvas.getContext('2d')?.putImageData(new ImageData(rgba, columns, rows), 0, 0);
  }

  /** The image lies here now. */
  place(placement: Affine | null): void {
    if (!placement) return;
    const { a, b, c, d, e, f } = placement;
    const matrix = `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})`;
    this.canvas.style.transform = matrix;
    this.shade.setAttribute('transform', matrix);
  }

  destroy(): void {
    this.canvas.remove();
    this.page.remove();
  }

  private shut({ instance, frame: number }: ImageReference, frame: DecodedFrame | null): void {
    const found = frame ? shutter(instance, number) : null;
    this.page.style.display = found ? '' : 'none';
    if (!found || !frame) return;
    const { columns, rows } = frame.format;
    this.shade.setAttribute('fill', css(found.colour));
    this.shade.replaceChildren(...shutterPaths(found, columns, rows, pixelAspect(instance, number)).map((path) => {
      const element = document.createElementNS(SVG, 'path');
      element.setAttribute('d', path);
      return element;
    }));
  }
}
