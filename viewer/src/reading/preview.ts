/** A first look at a frame that is still on its way: the picture the server renders (PS3.18 §10.4.1.1.6). */
import type { ImageReference } from '../core/display_set';
import { pixelFormat } from '../core/pixel_format';
import type { Picture } from './picture';
import type { Look } from './presentation';

/** The size that all previews of the page have, so that the browser's cache serves them. */
const SIDE = 512;

/** The address of the rendered picture in the window in force. */
export function previewUrl(image: ImageReference, look: Look): string {
  const { voi } = look;
  const names = { LINEAR: 'linear', LINEAR_EXACT: 'linear-exact', SIGMOID: 'sigmoid' } as const;
  const window = voi ? `&window=${voi.center},${voi.width},${names[voi.function]}` : '';
  return `${image.renderedUrl}?viewport=${SIDE},${SIDE}${window}`;
}

/** The rendered picture, as large as the frame; null when the server gives none. */
export async function preview(image: ImageReference, look: Look, signal: AbortSignal): Promise<Picture | null> {
  const format = pixelFormat(image.instance);
  if (!format) return null;
  try {
    const response = await fetch(previewUrl(image, look), { credentials: 'same-origin', signal });
    if (!response.ok) return null;
    const bitmap = await createImageBitmap(await response.blob());
    const { columns, rows } = format;
    const context = new OffscreenCanvas(columns, rows).getContext('2d', { willReadFrequently: true });
    context?.drawImage(bitmap, 0, 0, columns, rows);
    bitmap.close();
    const rgba = context?.getImageData(0, 0, columns, rows).data;
    if (!rgba) return null;
    const pixels = new Uint8Array(columns * rows * 3);
    const turned = look.inverted ? 255 : 0;
    for (let at = 0; at < columns * rows; at += 1) {
      for (let sample = 0; sample < 3; sample += 1) pixels[at * 3 + sample] = (rgba[at * 4 + sample] ?? 0) ^ turned;
    }
    return { columns, rows, components: 3, pixels };
  } catch {
    return null; // Only a help: the frame itself follows, or says what is wrong.
  }
}
