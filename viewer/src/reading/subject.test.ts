import { describe, expect, it } from 'vitest';
import type { DicomInstance, ImageReference } from '../core/display_set';
import { grayscaleParameters } from '../core/grayscale';
import { pixelFormat } from '../core/pixel_format';
import { measurementLines } from './measurement_text';
import { imagePlane, toImage, toWorld } from './plane';
import { type Subject, ends, measure } from './subject';

function element(vr: string, ...Value: unknown[]): { vr: string; Value: unknown[] } {
  return { vr, Value };
}

const ct: DicomInstance = {
  '00080060': element('CS', 'CT'),
  '00280002': element('US', 1),
  '00280004': element('CS', 'MONOCHROME2'),
  '00280010': element('US', 64),
  '00280011': element('US', 64),
  '00280030': element('DS', 0.5, 0.5),
  '00280100': element('US', 16),
  '00280101': element('US', 12),
  '00280102': element('US', 11),
  '00280103': element('US', 0),
  '00281052': element('DS', -1024),
  '00281053': element('DS', 1),
};

function subjectOf(instance: DicomInstance, pixels: Uint16Array | null): Subject {
  const format = pixelFormat(instance);
  if (!format) throw new Error('not an image');
  const reference: ImageReference = { instance, sopInstanceUid: '1.2.3', frame: 1, frameUrl: '', renderedUrl: '' };
  const values = pixels ? { pixels, parameters: grayscaleParameters(instance, 1, format) } : null;
  return { reference, plane: imagePlane([-80, -90, 30], [1, 0, 0, 0, 0, -1], [0.5, 0.5]), values };
}

const plain = (value: number, digits: number): string => value.toFixed(digits);

describe('measure', () => {
  it('gives the length between two handles in space in millimetres', () => {
    const subject = subjectOf(ct, null);
    const handles = ([[10, 10], [40, 50]] as const).map((point) => toImage(subject.plane, toWorld(subject.plane, point)));
    const between = ends('length', handles);
    const result = between && measure('a', 'length', between, subject);
    expect(result?.measurement.length).toBeCloseTo(25, 6);
    expect(result && measurementLines(result.measurement, result.atDetector, plain)).toEqual(['25.0 mm']);
  });

  it('gives statistics in HU of what lies inside, whatever the handles are called', () => {
    const pixels = new Uint16Array(64 * 64).fill(1024);
    for (let row = 8; row < 16; row += 1) pixels.fill(1124, row * 64 + 8, row * 64 + 16);
    const between = ends('rectangle', [[16, 8], [8, 8], [16, 16], [8, 16]]);
    expect(between).toEqual([[8, 8], [16, 16]]);
    const result = between && measure('a', 'rectangle', between, subjectOf(ct, pixels));
    expect(result?.measurement).toMatchObject({ area: 16, mean: 100, minimum: 100, maximum: 100, standardDeviation: 0, unit: 'HU' });
  });

  it('invents no unit: pixels without a spacing, a mark for spacing at the detector', () => {
    const bare = Object.fromEntries(Object.entries(ct).filter(([tag]) => tag !== '00280030'));
    const uncalibrated = measure('a', 'length', [[0, 0], [3, 4]], subjectOf(bare, null));
    expect(measurementLines(uncalibrated.measurement, uncalibrated.atDetector, plain)).toEqual(['5.0 px']);
    const detector = measure('a', 'length', [[0, 0], [3, 4]], subjectOf({ ...bare, '00181164': element('DS', 0.2, 0.2) }, null));
    expect(measurementLines(detector.measurement, detector.atDetector, plain)).toEqual(['1.0 mm ◫']);
  });

  it('says nothing of values it does not have', () => {
    const result = measure('a', 'ellipse', [[0, 0], [4, 4]], subjectOf(ct, null));
    expect(result.measurement.mean).toBeUndefined();
    expect(measurementLines(result.measurement, false, plain)).toHaveLength(1);
  });
});
