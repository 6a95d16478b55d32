/** How much of the image is seen: centre and magnification, independent of the size of the cell. */
import type { Point } from '../core/geometry';
import type { ImagePlane } from './plane';
import { UPRIGHT, type Turn } from './turn';

export interface View {
  /** The point of the image (image coordinates) in the middle of the cell; null: the middle of the image. */
  readonly centre: Point | null;
  /** Magnification, 1 where the whole image just fits. */
  readonly magnification: number;
  readonly turn: Turn;
}

export const FITTED: View = { centre: null, magnification: 1, turn: UPRIGHT };

/** Less or more than this is of no use to anybody. */
const LIMITS = { least: 0.1, most: 64 } as const;

export function limited(magnification: number): number {
  return Math.min(Math.max(magnification, LIMITS.least), LIMITS.most);
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** CSS pixels from one column to the next when the whole image fits the cell. */
export function fittedZoom(cell: Size, image: { columns: number; rows: number }, plane: ImagePlane, turn: Turn): number {
  const width = image.columns * plane.columnSpacing;
  const height = image.rows * plane.rowSpacing;
  const [across, down] = turn.rotation % 180 === 0 ? [width, height] : [height, width];
  return Math.min(cell.width / across, cell.height / down) * plane.columnSpacing;
}
