/** The server-rendered JPEG of a frame: the first pixels on screen, often already in the page. */
import type { ImageReference } from '../core/display_set';
import type { Voi } from '../core/viewport';
import type { PreviewPicture } from './renderer';

/** The size that the page's own stand-in picture has, so that the browser's cache serves both. */
const SIDE = 512;
/** Names of PS3.18 §8.3.5.1.4. */
const WINDOW_FUNCTION: Readonly<Record<Voi['function'], string>> = { LINEAR: 'linear', LINEAR_EXACT: 'linear-exact', SIGMOID: 'sigmoid' };

/** The address that the page itself preloads for this frame, so that nothing is fetched twice. */
function preloaded(renderedUrl: string): string | null {
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel="preload"][as="image"]')) {
    const href = link.getAttribute('href') ?? '';
    if (href.split('?')[0] === renderedUrl) return href;
  }
  return null;
}

function address(image: ImageReference, voi: Voi | null): string {
  const ready = voi === null ? preloaded(image.renderedUrl) : null;
  if (ready !== null) return ready;
  const base = `${image.renderedUrl}?viewport=${SIDE},${SIDE}`;
  return voi === null ? base : `${base}&window=${voi.center},${voi.width},${WINDOW_FUNCTION[voi.function]}`;
}

/**
 * Load a preview; rejects when there is none or the signal aborts.
 * @param voi the window the user chose; null for the header's
 */
export async function loadPreview(image: ImageReference, voi: Voi | null, signal: AbortSignal): Promise<PreviewPicture> {
  const bitmap = new Image();
  bitmap.fetchPriority = 'high';
  const stop = (): void => {
    bitmap.src = '';
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    bitmap.src = address(image, voi);
    await bitmap.decode();
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  return { kind: 'preview', width: bitmap.naturalWidth, height: bitmap.naturalHeight, bitmap, inverted: false };
}
