/** Magnifications that mean something: one image pixel to one of the screen, and a millimetre to a millimetre. */
import type { ImageReference } from '../../core/display_set';
import { spacing } from '../../core/geometry';
import { ultrasoundRegions } from '../../core/us_region';

/** CSS pixels to a column where one image pixel is one pixel of the screen. */
export function oneToOneZoom(devicePixelRatio: number): number {
  return 1 / devicePixelRatio;
}

/** CSS pixels to a column where the image is as large as the patient; null where the header gives no size for the whole image. */
export function trueSizeZoom(image: ImageReference, pixelsPerMm: number): number | null {
  const { calibrated, column } = spacing(image.instance, image.frame);
  // Each region of an ultrasound image has a size of its own (PS3.3 C.8.5.5).
  return calibrated && ultrasoundRegions(image.instance).length === 0 ? column * pixelsPerMm : null;
}

const SAME = 0.002;

export function isZoom(zoom: number, wanted: number | null): boolean {
  return wanted !== null && Math.abs(zoom / wanted - 1) < SAME;
}
