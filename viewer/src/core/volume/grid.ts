/** Whether the images of a display set are one volume, and where its voxels lie in the patient (PS3.3 C.7.6.2.1.1). */
import { frameScope, number, numbers, text } from '../attribute';
import type { DisplaySet, ImageReference } from '../display_set';
import { orientation, position } from '../geometry';
import { isGrayscale, pixelFormat } from '../pixel_format';
import { Tag } from '../tag';
import { cross, dot, minus, plus, scaled, size, unit, type Vector } from './vector';

/** Evenly placed voxels; a slot is a place where a slice belongs, whether it is there or not. */
export interface VolumeGrid {
  readonly columns: number;
  readonly rows: number;
  readonly slots: number;
  /** Centre of the first pixel of the first slot, in mm. */
  readonly origin: Vector;
  /** Millimetres from a column, a row, a slot to the next. The three need not be at right angles: a gantry may be tilted. */
  readonly toColumn: Vector;
  readonly toRow: Vector;
  readonly toSlot: Vector;
  /** The slot of each image, in the order of the display set. */
  readonly slotOf: readonly number[];
  /** Slots without an image. */
  readonly missing: number;
  /** Angle between the direction of the slices and that in which they follow each other, in degrees. */
  readonly tilt: number;
  readonly frameOfReferenceUid: string;
}

/** Why images are no volume. */
export type VolumeRefusal =
  | 'not_images' | 'colour' | 'few' | 'no_position' | 'no_spacing' | 'mixed' | 'orientation' | 'same_place' | 'varying' | 'not_in_line'
  | 'too_large';

export const FEWEST_IMAGES = 3;

/**
 * How far a slice may lie from its place, in mm: header values written with one decimal are that far off, and a length
 * from one slice to another stays right to 0.1 mm.
 */
const PLACE_TOLERANCE = 0.0501;
/** How far direction cosines may be off: 0.05 mm at 250 mm. */
const DIRECTION_TOLERANCE = 2e-4;
const STEEPEST_TILT = 45;
const FRAME_OF_REFERENCE_UID = '00200052';
const PATIENT_ID = '00100020';

interface Slice {
  readonly place: Vector;
  readonly at: number;
}

interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly alongRow: Vector;
  readonly alongColumn: Vector;
  readonly spacing: readonly [number, number];
}

/** What every image of a volume must have alike. */
function frameOf({ instance, frame }: ImageReference): Frame | VolumeRefusal {
  const format = pixelFormat(instance);
  if (!format) return 'not_images';
  if (!isGrayscale(format)) return 'colour';
  const directions = orientation(instance, frame);
  if (!directions) return 'no_position';
  const [alongRow, alongColumn] = directions;
  const odd = Math.abs(size(alongRow) - 1) > 1e-3 || Math.abs(size(alongColumn) - 1) > 1e-3 || Math.abs(dot(alongRow, alongColumn)) > 1e-3;
  if (odd) return 'orientation';
  // Only Pixel Spacing is that of the patient's plane; the others are of a detector or a film (PS3.3 10.7.1.3).
  const [row, column] = numbers(frameScope(instance, frame, Tag.PixelMeasuresSequence), Tag.PixelSpacing) ?? [];
  if (row === undefined || column === undefined || !(row > 0) || !(column > 0)) return 'no_spacing';
  return { columns: format.columns, rows: format.rows, alongRow, alongColumn, spacing: [row, column] };
}

function differ(one: Vector, other: Vector): boolean {
  return one.some((part, axis) => Math.abs(part - (other[axis] ?? 0)) > DIRECTION_TOLERANCE);
}

/** The frame all images share; a refusal when they do not. */
function sharedFrame(images: readonly ImageReference[]): Frame | VolumeRefusal {
  const [firstImage] = images;
  if (!firstImage) return 'not_images';
  const first = frameOf(firstImage);
  if (typeof first === 'string') return first;
  const whose = (image: ImageReference): string => `${text(image.instance, FRAME_OF_REFERENCE_UID)}|${text(image.instance, PATIENT_ID)}`;
  for (const image of images) {
    const frame = frameOf(image);
    if (typeof frame === 'string') return frame;
    if (differ(frame.alongRow, first.alongRow) || differ(frame.alongColumn, first.alongColumn)) return 'orientation';
    const alike = frame.columns === first.columns && frame.rows === first.rows && whose(image) === whose(firstImage)
      && frame.spacing.every((part, axis) => Math.abs(part - (first.spacing[axis] ?? 0)) < 1e-4);
    if (!alike) return 'mixed';
  }
  return first;
}

/** The distance most slices have from the next: the middle one of those near the smallest. */
function usualStep(steps: readonly number[]): number {
  const smallest = Math.min(...steps);
  const near = steps.filter((step) => step < smallest * 1.5 + PLACE_TOLERANCE).toSorted((one, other) => one - other);
  return near[Math.floor(near.length / 2)] ?? smallest;
}

interface Placed {
  readonly toSlot: Vector;
  readonly slots: readonly number[];
}

/** Put sorted slices into evenly spaced slots. */
function placed(slices: readonly Slice[], normal: Vector): Placed | VolumeRefusal {
  const depths = slices.map(({ place }) => dot(place, normal));
  const steps = depths.slice(1).map((depth, at) => depth - (depths[at] ?? 0));
  if (Math.min(...steps) < 0.01) return 'same_place';
  const step = usualStep(steps);
  const slots: number[] = [0];
  for (const one of steps) slots.push((slots.at(-1) ?? 0) + Math.max(1, Math.round(one / step)));
  const [first, last, end] = [slices[0], slices.at(-1), slots.at(-1) ?? 0];
  if (!first || !last || end === 0) return 'few';
  if (end + 1 - slices.length > slices.length) return 'varying';
  const toSlot = scaled(minus(last.place, first.place), 1 / end);
  const offs = slices.map(({ place }, at) => minus(place, plus(first.place, scaled(toSlot, slots[at] ?? 0))));
  if (offs.some((off) => Math.abs(dot(off, normal)) > PLACE_TOLERANCE)) return 'varying';
  if (offs.some((off) => size(minus(off, scaled(normal, dot(off, normal)))) > PLACE_TOLERANCE)) return 'not_in_line';
  return { toSlot, slots };
}

/** The grid of a display set's images, or why they are no volume. */
export function volumeGrid(set: DisplaySet): VolumeGrid | VolumeRefusal {
  if (set.images.length === 0) return 'not_images';
  const shared = sharedFrame(set.images);
  if (typeof shared === 'string') return shared;
  if (set.images.length < FEWEST_IMAGES) return 'few';
  const normal = unit(cross(shared.alongRow, shared.alongColumn));
  const places = set.images.map(({ instance, frame }) => position(instance, frame));
  if (places.some((place) => place === null)) return 'no_position';
  const slices = places.map((place, at): Slice => ({ place: place ?? [0, 0, 0], at }))
    .toSorted((one, other) => dot(one.place, normal) - dot(other.place, normal));
  const found = placed(slices, normal);
  if (typeof found === 'string') return found;
  const tilt = (Math.acos(Math.min(1, dot(unit(found.toSlot), normal))) * 180) / Math.PI;
  if (tilt > STEEPEST_TILT) return 'not_in_line';
  const slotOf = new Array<number>(slices.length).fill(0);
  slices.forEach(({ at }, order) => { slotOf[at] = found.slots[order] ?? 0; });
  const slots = (found.slots.at(-1) ?? 0) + 1;
  return {
    columns: shared.columns, rows: shared.rows, slots,
    origin: slices[0]?.place ?? [0, 0, 0],
    toColumn: scaled(unit(shared.alongRow), shared.spacing[1]),
    toRow: scaled(unit(shared.alongColumn), shared.spacing[0]),
    toSlot: found.toSlot,
    slotOf,
    missing: slots - slices.length,
    tilt: tilt < 0.05 ? 0 : tilt,
    frameOfReferenceUid: text(set.images[0]?.instance ?? {}, FRAME_OF_REFERENCE_UID),
  };
}

/** Rows of the linear map from millimetres to columns, rows, slots. */
export interface ToIndex {
  readonly column: Vector;
  readonly row: Vector;
  readonly slot: Vector;
}

/** How a step in mm counts in columns, rows and slots: the inverse of the grid's three steps, at right angles or not. */
export function toIndex({ toColumn, toRow, toSlot }: Pick<VolumeGrid, 'toColumn' | 'toRow' | 'toSlot'>): ToIndex {
  const volume = dot(toColumn, cross(toRow, toSlot));
  return {
    column: scaled(cross(toRow, toSlot), 1 / volume),
    row: scaled(cross(toSlot, toColumn), 1 / volume),
    slot: scaled(cross(toColumn, toRow), 1 / volume),
  };
}

/** Column, row and slot of a point of the patient, fractions included. */
export function indexOf(grid: VolumeGrid, point: Vector): Vector {
  const [map, from] = [toIndex(grid), minus(point, grid.origin)];
  return [dot(map.column, from), dot(map.row, from), dot(map.slot, from)];
}

/** The point of the patient at a column, row and slot. */
export function pointAt(grid: VolumeGrid, [column, row, slot]: Vector): Vector {
  return plus(plus(grid.origin, scaled(grid.toColumn, column)), plus(scaled(grid.toRow, row), scaled(grid.toSlot, slot)));
}

/** The middle of the volume. */
export function middle(grid: VolumeGrid): Vector {
  return pointAt(grid, [(grid.columns - 1) / 2, (grid.rows - 1) / 2, (grid.slots - 1) / 2]);
}

/** The eight outer corners of the volume: those of its outermost voxels. */
export function corners(grid: VolumeGrid): readonly Vector[] {
  const ends = (count: number): readonly number[] => [-0.5, count - 0.5];
  return ends(grid.columns).flatMap((column) => ends(grid.rows).flatMap(
    (row) => ends(grid.slots).map((slot) => pointAt(grid, [column, row, slot])),
  ));
}

/** The smallest distance between neighbouring voxels, in mm. */
export function finest(grid: VolumeGrid): number {
  return Math.min(size(grid.toColumn), size(grid.toRow), size(grid.toSlot));
}

/** Millimetres that one step through the volume takes in a direction: the spacing of the voxels that way. */
export function stepAlong(grid: VolumeGrid, direction: Vector): number {
  const map = toIndex(grid);
  const crossed = Math.hypot(dot(map.column, direction), dot(map.row, direction), dot(map.slot, direction));
  return crossed > 0 ? 1 / crossed : finest(grid);
}

/** Slice Thickness in mm, where the header has one. */
export function sliceThickness({ instance, frame }: ImageReference): number | null {
  return number(frameScope(instance, frame, Tag.PixelMeasuresSequence), '00180050');
}
