/** What can be drawn on an image: plain data that can be kept and put back, and the numbers that follow from its points. */
import type { ImageReference } from './display_set';
import type { DecodedFrame } from './frame';
import { type CalibrationSource, measurementSpacing, type Point, type Spacing } from './geometry';
import { type GrayscaleParameters, isPadding, modalityValue } from './grayscale';
import { angleBetween, area, distance, regionStatistics, type RegionStatistics } from './measure';
import { storedValue } from './pixel_format';
import { type SuvRefusal, suvScale } from './suv';
import type { RegionRefusal } from './us_region';

export const MEASUREMENT_KINDS = [
  'length', 'angle', 'cobb', 'bidirectional', 'ellipse', 'rectangle', 'freehand', 'probe', 'arrow', 'text',
] as const;
export type MeasurementKind = (typeof MEASUREMENT_KINDS)[number];
export type RegionKind = 'ellipse' | 'rectangle' | 'freehand';

/** What a person draws; everything else of a {@link Measurement} follows from it and the image. */
export interface Drawing<K extends MeasurementKind = MeasurementKind> {
  readonly id: string;
  readonly kind: K;
  readonly sopInstanceUid: string;
  /** 1-based frame number. */
  readonly frame: number;
  /**
   * In image coordinates: column, row in pixels, (0,0) the outer corner of the first pixel (as SCOORD, PS3.3 C.18.6.1.2).
   * length: both ends. angle: end, vertex, end. cobb: two ends of each line. bidirectional: ends of the long axis, then of
   * the short one, which is perpendicular to it in the patient. ellipse, rectangle: two opposite corners of the box, whose
   * sides are rows and columns. freehand: the corners of a closed outline. probe, text: the point. arrow: its tip, its tail.
   */
  readonly points: readonly Point[];
  /** Words beside it; all there is of a text. */
  readonly text?: string;
}

interface Calibrated<K extends MeasurementKind> extends Drawing<K> {
  /** False: lengths are pixels, not millimetres. */
  readonly calibrated: boolean;
  /** What the millimetres rest on. */
  readonly calibration: CalibrationSource;
  /** Millimetres between rows and between columns, where somebody calibrated the image by hand. */
  readonly manualSpacing?: readonly [number, number];
  /** Why there is neither length nor angle nor area: the points lie not in one region of an ultrasound image, or that has other axes. */
  readonly refused?: RegionRefusal;
  /** Unit of mean, minimum, maximum and value: HU, SUVbw, or empty for stored values. */
  readonly unit: string;
  /** Why values of a PET image are not SUVbw. */
  readonly suvRefused?: SuvRefusal;
}

/** `length` in millimetres when `calibrated`, else pixels. */
export interface LengthMeasurement extends Calibrated<'length'> {
  readonly length?: number;
}
/** `angle` in degrees as it is in the patient: between the legs (0–180), or between the lines of Cobb (0–90). */
export interface AngleMeasurement extends Calibrated<'angle' | 'cobb'> {
  readonly angle?: number;
}
/** The long and the short axis, as a length is. */
export interface BidirectionalMeasurement extends Calibrated<'bidirectional'> {
  readonly length?: number;
  readonly shortAxis?: number;
}
/** `area` in mm² when `calibrated`, else pixels; statistics of the modality values of pixels whose centre is inside. */
export interface RegionMeasurement extends Calibrated<RegionKind> {
  readonly area?: number;
  readonly mean?: number;
  readonly standardDeviation?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}
/** `value` of the pixel at the point; nothing on padding and colour. */
export interface ProbeMeasurement extends Calibrated<'probe'> {
  readonly value?: number;
}
export type NoteMeasurement = Calibrated<'arrow' | 'text'>;

export type Measurement =
  | LengthMeasurement | AngleMeasurement | BidirectionalMeasurement | RegionMeasurement | ProbeMeasurement | NoteMeasurement;

/** The image that is measured. */
export interface MeasuredImage {
  readonly reference: ImageReference;
  /** Null: not here in full quality, so that there are no values. */
  readonly frame: DecodedFrame | null;
  /** Millimetres between rows and between columns, where somebody calibrated the image by hand. */
  readonly manualSpacing: readonly [number, number] | null;
}

export function isRegion(kind: MeasurementKind): kind is RegionKind {
  return kind === 'ellipse' || kind === 'rectangle' || kind === 'freehand';
}

/** Points of a finished drawing; of a freehand outline the least. */
export const POINT_COUNT: Readonly<Record<MeasurementKind, number>> = {
  length: 2, angle: 3, cobb: 4, bidirectional: 4, ellipse: 2, rectangle: 2, freehand: 3, probe: 1, arrow: 2, text: 1,
};

/** The spacing for points of an image, a calibration by hand first, where the header leaves room for one. */
export function spacingFor(image: MeasuredImage, points: readonly Point[]): Spacing {
  const { reference: { instance, frame }, manualSpacing } = image;
  const stated = measurementSpacing(instance, frame, points);
  if (!manualSpacing || !mayCalibrate(stated)) return stated;
  const [row, column] = manualSpacing;
  return { row, column, calibrated: true, note: null, source: 'manual' };
}

/** Only where lengths are not known in the patient may a person say how long something is (PS3.3 10.7.1.3). */
export function mayCalibrate({ source, refused }: Pick<Spacing, 'source' | 'refused'>): boolean {
  return refused === undefined && (source === 'none' || source === 'detector' || source === 'manual');
}

/** The unit and factor of the values of an image: SUVbw of a PET image whose header allows it. */
export function valueScale(image: MeasuredImage, parameters: GrayscaleParameters): { factor: number; unit: string; suvRefused?: SuvRefusal } {
  const suv = suvScale(image.reference.instance);
  if (suv === null) return { factor: 1, unit: parameters.unit };
  if ('refused' in suv) return { factor: 1, unit: parameters.unit, suvRefused: suv.refused };
  return { factor: suv.factor, unit: 'SUVbw' };
}

type Statistics = Pick<RegionMeasurement, 'mean' | 'standardDeviation' | 'minimum' | 'maximum'>;
type Values = { readonly unit: string; readonly suvRefused?: SuvRefusal; readonly value?: number } & Statistics;

function scaled({ mean, standardDeviation, minimum, maximum }: RegionStatistics, factor: number): Statistics {
  return { mean: mean * factor, standardDeviation: standardDeviation * factor, minimum: minimum * factor, maximum: maximum * factor };
}

/** The modality value of the pixel a point lies in; null on padding and outside. */
export function valueAt([x, y]: Point, frame: DecodedFrame): number | null {
  if (frame.kind !== 'grayscale') return null;
  const { rows, columns } = frame.format;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= columns || row >= rows) return null;
  const stored = storedValue(frame.pixels[row * columns + column] ?? 0, frame.parameters.format);
  return Number.isFinite(stored) && !isPadding(stored, frame.parameters) ? modalityValue(stored, frame.parameters.modality) : null;
}

/** What the values inside are, for kinds that have any. */
function values(drawing: Drawing, image: MeasuredImage): Values {
  const { frame } = image;
  if (frame?.kind !== 'grayscale' || !(isRegion(drawing.kind) || drawing.kind === 'probe')) return { unit: '' };
  const { factor, ...scale } = valueScale(image, frame.parameters);
  if (isRegion(drawing.kind)) {
    const found = regionStatistics(drawing.kind, drawing.points, frame.pixels, frame.parameters);
    return found ? { ...scale, ...scaled(found, factor) } : scale;
  }
  const [point] = drawing.points;
  const value = point ? valueAt(point, frame) : null;
  return value === null ? scale : { ...scale, value: value * factor };
}

/** Lengths, angle and area of a finished drawing, in the patient where that is known. */
function sizes({ kind, points }: Drawing, spacing: Spacing): { length?: number; shortAxis?: number; angle?: number; area?: number } {
  const [a, b, c, d] = points;
  if (spacing.refused || points.length < POINT_COUNT[kind] || !a || !b) return {};
  if (kind === 'length') return { length: distance(a, b, spacing) };
  if (isRegion(kind)) return { area: area(kind, points, spacing) };
  if (!c) return {};
  if (kind === 'angle') return { angle: angleBetween([b, a], [b, c], spacing) };
  if (!d) return {};
  if (kind === 'bidirectional') return { length: distance(a, b, spacing), shortAxis: distance(c, d, spacing) };
  const between = angleBetween([a, b], [c, d], spacing);
  return { angle: Math.min(between, 180 - between) };
}

/** Compute a drawing on its image. */
export function measured(drawing: Drawing, image: MeasuredImage): Measurement {
  const { id, kind, sopInstanceUid, frame, points, text } = drawing;
  const spacing = spacingFor(image, points);
  return {
    id, kind, sopInstanceUid, frame, points,
    ...(text === undefined ? {} : { text }),
    calibrated: spacing.calibrated,
    calibration: spacing.source,
    ...(spacing.source === 'manual' ? { manualSpacing: [spacing.row, spacing.column] } : {}),
    ...(spacing.refused ? { refused: spacing.refused } : {}),
    ...values(drawing, image),
    ...sizes(drawing, spacing),
  };
}
