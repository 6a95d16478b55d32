/** What goes out: one image as it stands in its cell, in full quality and with the header it came with. */
import type { Affine } from '../../../core/affine';
import type { DisplaySet, ImageReference } from '../../../core/display_set';
import { type DecodedFrame, defaultTransform } from '../../../core/frame';
import type { VoiTransform } from '../../../core/grayscale';
import type { Presentation } from '../../../core/presentation';
import type { ViewportState } from '../../../core/viewport';
import { voiOf } from '../../../lite/adjust_window';
import type { Size } from '../../../lite/view';
import type { Cell } from '../cell';
import { sharedFrames } from '../factories';
import { type LayerLook, LOOK } from '../objects/layer_look';

export interface OutSubject {
  readonly set: DisplaySet;
  readonly image: ImageReference;
  readonly view: ViewportState;
  readonly presentation: Presentation;
  readonly placement: Affine;
  readonly cell: Size;
  /** What lies over the image in its cell. */
  readonly layers: readonly OutLayer[];
}

export interface OutLayer {
  readonly set: DisplaySet;
  readonly look: LayerLook;
}

/** Null: the cell shows no image, or not yet in full quality. */
export function outSubject(cell: Cell): OutSubject | null {
  const [view, viewport] = [cell.view.value, cell.viewport];
  if (cell.state.value !== 'ready' || !viewport || !view || (view.quality !== 'lossless' && view.quality !== 'lossy')) return null;
  const image = view.displaySet?.images[view.index];
  const { placement, element } = viewport;
  if (!view.displaySet || !image || !placement) return null;
  const size = { width: element.clientWidth, height: element.clientHeight };
  if (size.width === 0 || size.height === 0) return null;
  return { set: view.displaySet, image, view, presentation: viewport.presentation, placement, cell: size, layers: layersOf(cell) };
}

function layersOf({ layers, layerLooks }: Cell): readonly OutLayer[] {
  return layers.peek().map((set) => ({ set, look: layerLooks.peek().get(set.id) ?? LOOK }));
}

/** The pixels of the image, which are at hand. @throws FrameError */
export function frameOf({ image }: OutSubject): Promise<DecodedFrame> {
  return sharedFrames().load(image, 'interaction');
}

/** The window in force: a lookup table of the image itself stays one, which its centre and width alone do not say. */
export function transformOf(frame: DecodedFrame, { view: { voi } }: OutSubject): VoiTransform | null {
  const own = defaultTransform(frame);
  if (!own || !voi) return own;
  const stated = voiOf(own);
  const same = stated.center === voi.center && stated.width === voi.width && stated.function === voi.function;
  return same ? own : { kind: 'window', voi };
}
