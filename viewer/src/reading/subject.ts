/** What a measurement is taken from: the frame on the screen with its full pixels, and the numbers it gives. */
import type { ImageReference } from '../core/display_set';
import { type Point, measurementSpacing } from '../core/geometry';
import type { GrayscaleParameters, RawPixels } from '../core/grayscale';
import { area, distance, regionStatistics } from '../core/measure';
import type { Measurement } from '../core/viewport';
import type { ImagePlane } from './plane';

export interface Subject {
  readonly reference: ImageReference;
  readonly plane: ImagePlane;
  /** Null: colour, or not in full quality; then there are no statistics. */
  readonly values: { readonly pixels: RawPixels; readonly parameters: GrayscaleParameters } | null;
}

/** A measurement, and whether its lengths are those at the detector. */
export interface Result {
  readonly measurement: Measurement;
  readonly atDetector: boolean;
}

/** The two ends of a line, or two opposite corners of the box around a region's handles; in image coordinates. */
export function ends(kind: Measurement['kind'], points: readonly Point[]): [Point, Point] | null {
  const [first, second] = points;
  if (!first || !second) return null;
  if (kind === 'length') return [first, second];
  const columns = points.map(([column]) => column);
  const rows = points.map(([, row]) => row);
  return [[Math.min(...columns), Math.min(...rows)], [Math.max(...columns), Math.max(...rows)]];
}

/** Measure between two points of the subject (see {@link ends}). */
export function measure(id: string, kind: Measurement['kind'], [from, to]: [Point, Point], subject: Subject): Result {
  const { reference, values } = subject;
  const spacing = measurementSpacing(reference.instance, reference.frame, [from, to]);
  const common = {
    id, kind,
    sopInstanceUid: reference.sopInstanceUid,
    frame: reference.frame,
    points: [from, to],
    calibrated: spacing.calibrated,
    ...(spacing.refused ? { refused: spacing.refused } : {}),
    unit: kind === 'length' ? '' : values?.parameters.unit ?? '',
  };
  const atDetector = spacing.note === 'detector';
  if (kind === 'length') {
    return { measurement: { ...common, ...(spacing.refused ? {} : { length: distance(from, to, spacing) }) }, atDetector };
  }
  const statistics = values ? regionStatistics(kind, from, to, values.pixels, values.parameters) : null;
  const { mean, standardDeviation, minimum, maximum } = statistics ?? {};
  const found = mean === undefined || standardDeviation === undefined || minimum === undefined || maximum === undefined
    ? {} : { mean, standardDeviation, minimum, maximum };
  const size = spacing.refused ? {} : { area: area(kind, from, to, spacing) };
  return { measurement: { ...common, ...size, ...found }, atDetector };
}
