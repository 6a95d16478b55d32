/** What a link to a view says: which images stand where and how; UIDs and numbers only, nothing of the patient. */
import type { Presentation } from '../../../core/presentation';
import type { Voi } from '../../../core/viewport';

export interface CellLink {
  /** Place of the cell in the layout, from 0. */
  readonly cell: number;
  readonly study: string;
  readonly series: string;
  readonly image: string;
  readonly frame: number;
  /** Null: the window the image has by itself, or an image that has none. */
  readonly voi: Voi | null;
  readonly inverted: boolean;
  readonly presentation: Presentation;
}

export interface ViewLink {
  readonly layout: string;
  readonly active: number;
  readonly cells: readonly CellLink[];
}

export { LINK_PARAMETER } from '../../address';

const LONGEST = 16_384;
const MOST_CELLS = 64;
const UID = /^[0-9.]{1,64}$/;
const FUNCTIONS = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;
const ROTATIONS = [0, 90, 180, 270] as const;

/** Six digits after the point: a thousandth of a pixel on any screen. */
const rounded = (value: number): number => Number(value.toPrecision(9));

/** Compact, so that a link of four cells stays under what mail programs break. */
type Packed = [layout: string, active: number, uids: string[], cells: PackedCell[]];
type PackedCell = (number | string | null)[];

/** The value of the query parameter: base64url of a small JSON document. */
export function encodeLink({ layout, active, cells }: ViewLink): string {
  const uids = [...new Set(cells.flatMap(({ study, series, image }) => [study, series, image]))];
  const packed: Packed = [layout, active, uids, cells.map(({ cell, study, series, image, frame, voi, inverted, presentation }) => {
    const { rotation, flipped, magnification, centre } = presentation;
    return [
      cell, uids.indexOf(study), uids.indexOf(series), uids.indexOf(image), frame,
      voi ? rounded(voi.center) : null, voi ? rounded(voi.width) : null, voi?.function ?? null, Number(inverted),
      rotation, Number(flipped), rounded(magnification), centre ? rounded(centre[0]) : null, centre ? rounded(centre[1]) : null,
    ];
  })];
  return btoa(JSON.stringify(packed)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** What a link says; null for anything that is not wholly right: it comes from outside. */
export function decodeLink(text: string | null): ViewLink | null {
  if (text === null || text === '' || text.length > LONGEST) return null;
  try {
    const packed: unknown = JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/')));
    return Array.isArray(packed) ? unpack(packed) : null;
  } catch {
    return null;
  }
}

function unpack([layout, active, uids, cells]: unknown[]): ViewLink | null {
  if (typeof layout !== 'string' || !/^[a-z0-9]{1,12}$/.test(layout) || !isIndex(active)) return null;
  if (!Array.isArray(uids) || !Array.isArray(cells) || cells.length > MOST_CELLS) return null;
  const known = uids.filter((uid): uid is string => typeof uid === 'string' && UID.test(uid));
  if (known.length !== uids.length) return null;
  const read = cells.map((cell) => (Array.isArray(cell) ? unpackCell(cell, known) : null));
  return read.every((cell) => cell !== null) ? { layout, active, cells: read } : null;
}

function unpackCell(packed: unknown[], uids: readonly string[]): CellLink | null {
  const [cell, study, series, image, frame, center, width, shape, inverted, rotation, flipped, magnification, x, y] = packed;
  const uid = (at: unknown): string => (isIndex(at) ? (uids[at] ?? '') : '');
  const turn = ROTATIONS.find((one) => one === rotation);
  const right = isIndex(cell) && cell < MOST_CELLS && isIndex(frame) && frame > 0 && isBit(inverted) && isBit(flipped)
    && turn !== undefined && isNumber(magnification) && magnification > 0 && uid(study) !== '' && uid(series) !== '' && uid(image) !== '';
  if (!right) return null;
  const voi = voiOf(center, width, shape);
  const centre = x === null && y === null ? null : isNumber(x) && isNumber(y) ? ([x, y] as const) : undefined;
  if (voi === undefined || centre === undefined) return null;
  return {
    cell, study: uid(study), series: uid(series), image: uid(image), frame, voi, inverted: inverted === 1,
    presentation: { rotation: turn, flipped: flipped === 1, magnification, centre },
  };
}

/** Undefined: wrong. */
function voiOf(center: unknown, width: unknown, shape: unknown): Voi | null | undefined {
  if (center === null && width === null && shape === null) return null;
  const named = FUNCTIONS.find((one) => one === shape);
  return isNumber(center) && isNumber(width) && width > 0 && named ? { center, width, function: named } : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isIndex(value: unknown): value is number {
  return isNumber(value) && Number.isInteger(value) && value >= 0;
}

function isBit(value: unknown): value is 0 | 1 {
  return value === 0 || value === 1;
}
