/** Changing a window by dragging: right is wider, down is a higher level (darker). */
import { windowOfTable, type VoiTransform } from '../core/grayscale';
import type { Voi } from '../core/viewport';

/** Pixels of dragging that double the width. */
const DOUBLING = 150;
/** Pixels of dragging that move the level by one width. */
const WIDTH_TRAVEL = 300;

export function voiOf(transform: VoiTransform): Voi {
  return transform.kind === 'window' ? transform.voi : windowOfTable(transform.table);
}

/** The window after dragging by CSS pixels. */
export function dragged(voi: Voi, dx: number, dy: number): Voi {
  const width = voi.width * 2 ** (dx / DOUBLING);
  return { ...voi, width: voi.function === 'LINEAR' ? Math.max(width, 1) : Math.max(width, 1e-9), center: voi.center + (dy * voi.width) / WIDTH_TRAVEL };
}
