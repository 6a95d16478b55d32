/** Display shutters: the parts of an image that are not to be looked at (PS3.3 C.7.6.11). */
import { functionalGroup, number, numbers, texts } from './attribute';
import type { DicomInstance } from './display_set';
import { labColour, type Rgb } from './layer_colour';

/** What stays to be seen, in image coordinates: column, row in pixels, (0,0) the outer corner of the first pixel. */
export type Opening =
  | { readonly kind: 'rectangle'; readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
  /** `radius` in pixels along a row; on the patient it is round, so its height follows the shape of the pixels. */
  | { readonly kind: 'circle'; readonly column: number; readonly row: number; readonly radius: number }
  | { readonly kind: 'polygon'; readonly points: readonly (readonly [number, number])[] };

export interface Shutter {
  /** Seen is what lies within all of them. */
  readonly openings: readonly Opening[];
  /** What covers the rest. */
  readonly colour: Rgb;
}

const FRAME_DISPLAY_SHUTTER_SEQUENCE = '00189472';

function rectangle(scope: DicomInstance): Opening | null {
  const [left, right] = [number(scope, '00181602'), number(scope, '00181604')];
  const [top, bottom] = [number(scope, '00181606'), number(scope, '00181608')];
  if (left === null || right === null || top === null || bottom === null || right < left || bottom < top) return null;
  return { kind: 'rectangle', left: left - 1, top: top - 1, right, bottom };
}

function circle(scope: DicomInstance): Opening | null {
  const [row, column] = numbers(scope, '00181610') ?? [];
  const radius = number(scope, '00181612');
  if (row === undefined || column === undefined || radius === null || radius <= 0) return null;
  return { kind: 'circle', column: column - 0.5, row: row - 0.5, radius };
}

function polygon(scope: DicomInstance): Opening | null {
  const found = numbers(scope, '00181620') ?? [];
  const points = Array.from({ length: found.length >> 1 }, (_, at) => [(found[2 * at + 1] ?? 0) - 0.5, (found[2 * at] ?? 0) - 0.5] as const);
  return points.length >= 3 ? { kind: 'polygon', points } : null;
}

const READERS: Readonly<Record<string, (scope: DicomInstance) => Opening | null>> = { RECTANGULAR: rectangle, CIRCULAR: circle, POLYGONAL: polygon };

/** Of a colour display, which ours are; else the grey of Shutter Presentation Value, a P-Value of 16 bits. */
export function shutterColour(scope: DicomInstance): Rgb {
  const [l, a, b] = numbers(scope, '00181624') ?? [];
  if (l !== undefined && a !== undefined && b !== undefined) return labColour([l, a, b]);
  const gray = Math.round(Math.min(Math.max(number(scope, '00181622') ?? 0, 0), 65_535) / 257);
  return [gray, gray, gray];
}

/** The shutter of a frame (1-based) by its shapes; null when there is none that is fully described: nothing is hidden by guess. */
export function shutter(instance: DicomInstance, frame: number): Shutter | null {
  const scope = functionalGroup(instance, frame, FRAME_DISPLAY_SHUTTER_SEQUENCE) ?? instance;
  const openings = texts(scope, '00181600').flatMap((shape) => READERS[shape]?.(scope) ?? []);
  return openings.length === 0 ? null : { openings, colour: shutterColour(scope) };
}

function outline(opening: Opening, aspect: number): string {
  switch (opening.kind) {
    case 'rectangle': return `M${opening.left} ${opening.top}H${opening.right}V${opening.bottom}H${opening.left}Z`;
    case 'circle': {
      const { column, row, radius } = opening;
      const arc = `A${radius} ${radius / aspect} 0 1 0`;
      return `M${column - radius} ${row}${arc} ${column + radius} ${row}${arc} ${column - radius} ${row}Z`;
    }
    case 'polygon': return `M${opening.points.map((point) => point.join(' ')).join('L')}Z`;
  }
}

/**
 * What covers the image, as paths of SVG with the even-odd rule: for each opening, the image without it.
 * @param aspect height of a pixel by its width
 */
export function shutterPaths({ openings }: Shutter, columns: number, rows: number, aspect: number): readonly string[] {
  return openings.map((opening) => `M0 0H${columns}V${rows}H0Z${outline(opening, aspect)}`);
}
