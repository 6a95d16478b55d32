/** The lines of text beside a measurement: numbers and units only, so that they need no translation. */
import type { Measurement } from '../core/viewport';

/** Marks a length measured at the detector, so larger than in the patient (PS3.3 10.7.1.3). */
export const AT_DETECTOR = '◫';

/** Stands where nothing can be measured; the list of measurements says why. */
const NO_VALUE = '—';

function unitOf(measurement: Measurement, power: '' | '²'): string {
  return `${measurement.calibrated ? 'mm' : 'px'}${power}`;
}

/** @param format writes a number with that many digits after the decimal sign, in the reader's way. */
export function measurementLines(
  measurement: Measurement, atDetector: boolean, format: (value: number, digits: number) => string,
): string[] {
  const mark = atDetector ? ` ${AT_DETECTOR}` : '';
  if (measurement.length !== undefined) return [`${format(measurement.length, 1)} ${unitOf(measurement, '')}${mark}`];
  const lines = measurement.area === undefined ? [NO_VALUE] : [`${format(measurement.area, 1)} ${unitOf(measurement, '²')}${mark}`];
  const { mean, standardDeviation, minimum, maximum } = measurement;
  if (mean === undefined || standardDeviation === undefined || minimum === undefined || maximum === undefined) return lines;
  const unit = measurement.unit === '' ? '' : ` ${measurement.unit}`;
  const range = `${format(minimum, 0)} … ${format(maximum, 0)}${unit}`;
  return [`x̄ ${format(mean, 1)} ± ${format(standardDeviation, 1)}${unit}`, ...lines, range];
}
