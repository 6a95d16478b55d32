/** A sheet of A4 paper (ISO 216): its fields in millimetres and the pictures in them. */
import { FITTED_PRESENTATION } from '../../../core/presentation';
import { pixelAspect, spacing } from '../../../core/geometry';
import { type Affine, apply, compose, scaling } from '../../../core/affine';
import { fittingScale, imageToCell, type Size, viewOf } from '../../../lite/view';
import { pixelFormat } from '../../../core/pixel_format';
import { blobOf, drawPicture } from './picture';
import { asInCell, MM_PER_UNIT, type Placed, trueSize } from './placed';
import type { OutSubject } from './subject';

export type Paper = 'portrait' | 'landscape';

/** A4 less ten millimetres all round, which every printer can reach. */
const PRINTABLE: Readonly<Record<Paper, Size>> = { portrait: { width: 190, height: 277 }, landscape: { width: 277, height: 190 } };
/** What the head and the foot of the sheet take. */
const HEAD_MM = 24;
const FOOT_MM = 15;
const GAP_MM = 2;
/** 300 dots an inch: what office printers do. */
export const DOTS_PER_MM = 300 / 25.4;

export function imageField(paper: Paper): Size {
  const { width, height } = PRINTABLE[paper];
  return { width, height: height - HEAD_MM - FOOT_MM };
}

/** A picture on the sheet, in millimetres. */
export interface PrintedPicture {
  readonly url: string;
  readonly field: Size;
}

export interface Sheet {
  readonly pictures: readonly PrintedPicture[];
  readonly columns: number;
  /** A millimetre of paper is a millimetre of the image. */
  readonly trueSize: boolean;
  readonly cut: boolean;
  /** True size as at the detector, which is larger than in the patient (PS3.3 10.7.1.3). */
  readonly atDetector: boolean;
}

interface SheetOrder {
  readonly paper: Paper;
  readonly trueSize: boolean;
  readonly identified: boolean;
  readonly layers: boolean;
  /** Columns and rows of the layout; one and one for a single image. */
  readonly columns: number;
  readonly rows: number;
}

/** Whether the image can be printed in its true size. */
export function hasTrueSize({ image, presentation }: OutSubject): boolean {
  return trueSize(image, presentation, imageField('portrait'), DOTS_PER_MM) !== null;
}

/** Draw the pictures of a sheet. @throws FrameError, and RangeError for a true size that nothing tells */
export async function makeSheet(subjects: readonly (OutSubject | null)[], order: SheetOrder): Promise<Sheet> {
  const field = fieldOf(order);
  const pictures: PrintedPicture[] = [];
  let cut = false;
  for (const subject of subjects) {
    if (!subject) {
      pictures.push({ url: '', field });
      continue;
    }
    const placed = order.trueSize ? trueSize(subject.image, subject.presentation, field, DOTS_PER_MM) : null;
    if (order.trueSize && !placed) throw new RangeError('The image has no calibrated spacing');
    cut ||= placed?.cut ?? false;
    pictures.push(placed ? await printed(subject, placed, placed.field, order) : await printed(subject, ...fitted(subject, field), order));
  }
  const atDetector = order.trueSize && subjects.some((subject) => subject && spacing(subject.image.instance, subject.image.frame).note === 'detector');
  return { pictures, columns: order.columns, trueSize: order.trueSize, cut, atDetector };
}

function fieldOf({ paper, columns, rows }: SheetOrder): Size {
  const { width, height } = imageField(paper);
  return { width: (width - (columns - 1) * GAP_MM) / columns, height: (height - (rows - 1) * GAP_MM) / rows };
}

/** What the cell shows, in the shape of the field: its middle stays in the middle and nothing that was seen is lost. */
function fitted({ image, presentation, placement, cell }: OutSubject, field: Size): [Placed, Size] {
  const size = { width: Math.round(field.width * DOTS_PER_MM), height: Math.round(field.height * DOTS_PER_MM) };
  const format = pixelFormat(image.instance);
  if (!format) return [asInCell(cell, placement), field];
  const pixels = { width: format.columns, height: format.rows };
  const aspect = pixelAspect(image.instance, image.frame);
  const unit = DOTS_PER_MM * MM_PER_UNIT;
  const whole = viewOf({ ...FITTED_PRESENTATION, rotation: presentation.rotation, flipped: presentation.flipped });
  const fits = imageToCell(whole, pixels, aspect, size);
  if (presentation.magnification <= 1 && presentation.centre === null) return [{ size, map: fits, unit }, field];
  const scale = fittingScale(pixels, aspect, cell, whole.quarterTurns) * presentation.magnification;
  const enlarged = Math.min(size.width / cell.width, size.height / cell.height) * scale / fittingScale(pixels, aspect, size, whole.quarterTurns);
  return [{ size, map: centred(compose(scaling(enlarged, enlarged), fits), presentation.centre ?? [pixels.width / 2, pixels.height / 2], size), unit }, field];
}

function centred(map: Affine, point: readonly [number, number], size: Size): Affine {
  const [x, y] = apply(map, point);
  return { ...map, e: map.e + size.width / 2 - x, f: map.f + size.height / 2 - y };
}

async function printed(subject: OutSubject, placed: Placed, field: Size, { identified, layers }: SheetOrder): Promise<PrintedPicture> {
  const canvas = await drawPicture(subject, placed, { identified, drawings: true, layers });
  return { url: URL.createObjectURL(await blobOf(canvas, 'png')), field };
}
