/** Where an image lies on a picture or a sheet of paper: as in its cell, whole, or in its true size. */
import { type Affine, apply, compose, scaling } from '../../../core/affine';
import { type Point, spacing } from '../../../core/geometry';
import type { ImageReference } from '../../../core/display_set';
import { pixelFormat } from '../../../core/pixel_format';
import type { Presentation } from '../../../core/presentation';
import { fittingScale, imageToCell, type Size, viewOf } from '../../../lite/view';

/** A picture to be made: its size in pixels, where the image lies on it, and how large the writing is. */
export interface Placed {
  readonly size: Size;
  /** From image coordinates to pixels of the picture. */
  readonly map: Affine;
  /** Pixels of the picture for what would be one CSS pixel of a cell: letters and lines grow with it. */
  readonly unit: number;
}

/** Letters of a cell are read at arm's length; a picture is made at least this large, so that they stay sharp. */
const LEAST_LONGEST = 1600;
const MOST_LONGEST = 4096;
/** A whole image is written on as if its longer side were so many CSS pixels. */
const WHOLE_LONGEST = 900;

function within(longest: number): number {
  return Math.min(Math.max(longest, LEAST_LONGEST), MOST_LONGEST);
}

/** What the cell shows, enlarged where the cell is small. */
export function asInCell(cell: Size, placement: Affine): Placed {
  const longest = Math.max(cell.width, cell.height);
  const unit = within(longest * (globalThis.devicePixelRatio || 1)) / longest;
  const size = { width: Math.round(cell.width * unit), height: Math.round(cell.height * unit) };
  return { size, map: compose(scaling(unit, unit), placement), unit };
}

/** The image without borders, one pixel of it (the smaller way) to a pixel of the picture; small ones by a whole factor more. */
export function whole(image: Size, aspect: number, { rotation, flipped }: Presentation): Placed {
  const upright = { width: image.width * Math.max(1, 1 / aspect), height: image.height * Math.max(1, aspect) };
  const factor = Math.max(1, Math.ceil(1024 / Math.max(upright.width, upright.height)));
  const [across, down] = rotation % 180 === 0 ? [upright.width, upright.height] : [upright.height, upright.width];
  const size = { width: Math.round(across * factor), height: Math.round(down * factor) };
  const view = viewOf({ rotation, flipped, magnification: 1, centre: null });
  return { size, map: imageToCell(view, image, aspect, size), unit: Math.max(size.width, size.height) / WHOLE_LONGEST };
}

/** An image on a sheet: its field in millimetres, and the picture that fills the field. */
export interface TrueSize extends Placed {
  readonly field: Size;
  /** Part of the image lies outside of the paper. */
  readonly cut: boolean;
}

/**
 * The image as large as it is in the patient (or at the detector, see `Spacing.note`), no larger than a field of paper.
 * @param field millimetres of paper there are
 * @param dotsPerMm pixels of the picture to a millimetre
 * @returns null: the image has no calibrated spacing (PS3.3 10.7)
 */
export function trueSize(image: ImageReference, presentation: Presentation, field: Size, dotsPerMm: number): TrueSize | null {
  const format = pixelFormat(image.instance);
  const { calibrated, column, row } = spacing(image.instance, image.frame);
  if (!calibrated || !format) return null;
  const { rotation, flipped, centre } = presentation;
  const turned = rotation % 180 !== 0;
  const [width, height] = [format.columns * column, format.rows * row];
  const real = turned ? { width: height, height: width } : { width, height };
  const used = { width: Math.min(real.width, field.width), height: Math.min(real.height, field.height) };
  const size = { width: Math.round(used.width * dotsPerMm), height: Math.round(used.height * dotsPerMm) };
  const pixels = { width: format.columns, height: format.rows };
  const [aspect, wanted] = [row / column, column * dotsPerMm];
  const view = viewOf({ rotation, flipped, magnification: 1, centre: null });
  const map = imageToCell({ ...view, zoom: wanted / fittingScale(pixels, aspect, size, view.quarterTurns) }, pixels, aspect, size);
  const cut = real.width > field.width + 1e-6 || real.height > field.height + 1e-6;
  return { size, field: { width: size.width / dotsPerMm, height: size.height / dotsPerMm }, map: cut ? moved(map, centre, size) : map, unit: dotsPerMm * MM_PER_UNIT, cut };
}

/** A letter of 13 CSS pixels becomes 2.6 mm high: read on paper without a lens. */
export const MM_PER_UNIT = 0.2;

/** Put a point of the image into the middle. */
function moved(map: Affine, centre: Point | null, size: Size): Affine {
  if (!centre) return map;
  const [x, y] = apply(map, centre);
  return { ...map, e: map.e + size.width / 2 - x, f: map.f + size.height / 2 - y };
}
