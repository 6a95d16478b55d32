import { describe, expect, it } from 'vitest';
import type { DicomInstance, ImageReference } from './display_set';
import type { GrayscaleFrame } from './frame';
import { grayscaleParameters } from './grayscale';
import { type Drawing, type MeasuredImage, type Measurement, type MeasurementKind, measured } from './measurement';
import { pixelFormat } from './pixel_format';

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

function imageOf(instance: DicomInstance, pixels: Uint16Array | null, manualSpacing: readonly [number, number] | null = null): MeasuredImage {
  const format = pixelFormat(instance);
  if (!format) throw new Error('not an image');
  const reference: ImageReference = { instance, sopInstanceUid: '1.2.3', frame: 1, frameUrl: '', renderedUrl: '' };
  const frame: GrayscaleFrame | null = pixels && { kind: 'grayscale', format, pixels, parameters: grayscaleParameters(instance, 1, format), lossy: false };
  return { reference, frame, manualSpacing };
}

function draw(kind: MeasurementKind, points: Drawing['points'], image: MeasuredImage = imageOf(ct, null)): Measurement {
  return measured({ id: 'a', kind, points, sopInstanceUid: '1.2.3', frame: 1 }, image);
}

const square = new Uint16Array(64 * 64).fill(1024);
for (let row = 8; row < 16; row += 1) square.fill(1124, row * 64 + 8, row * 64 + 16);

describe('measured', () => {
  it('gives lengths and angles in the patient, and nothing before they are drawn', () => {
    expect(draw('length', [[10, 10], [40, 50]])).toMatchObject({ length: 25, calibrated: true, calibration: 'spacing' });
    expect(draw('angle', [[20, 10], [10, 10], [10, 30]])).toMatchObject({ angle: 90 });
    expect(draw('angle', [[20, 10], [10, 10]])).not.toHaveProperty('angle');
    expect(draw('bidirectional', [[0, 0], [30, 40], [20, 10], [4, 22]])).toMatchObject({ length: 25, shortAxis: 10 });
  });

  it('gives the acute angle of Cobb, whichever way the lines were drawn', () => {
    expect(draw('cobb', [[0, 0], [10, 0], [0, 20], [10, 30]])).toMatchObject({ angle: 45 });
    expect(draw('cobb', [[0, 0], [10, 0], [10, 30], [0, 20]])).toMatchObject({ angle: 45 });
  });

  it('measures angles in millimetres where pixels are not square', () => {
    const oblong = imageOf({ ...ct, '00280030': element('DS', 2, 1) }, null);
    const { angle } = draw('angle', [[20, 10], [10, 10], [20, 15]], oblong) as { angle: number };
    expect(angle).toBeCloseTo(45, 9);
  });

  it('gives statistics in HU of the pixels whose centre is inside, for each shape', () => {
    const image = imageOf(ct, square);
    const wanted = { area: 16, mean: 100, minimum: 100, maximum: 100, standardDeviation: 0, unit: 'HU' };
    expect(draw('rectangle', [[16, 8], [8, 16]], image)).toMatchObject(wanted);
    expect(draw('freehand', [[8, 8], [16, 8], [16, 16], [8, 16]], image)).toMatchObject(wanted);
    expect(draw('freehand', [[8, 8], [8, 16], [16, 16], [16, 8]], image)).toMatchObject(wanted);
    expect(draw('freehand', [[8, 8], [16, 8], [8, 16]], image)).toMatchObject({ area: 8, mean: 100 });
    expect(draw('probe', [[8.1, 15.9]], image)).toMatchObject({ value: 100, unit: 'HU' });
    expect(draw('probe', [[64.5, 3]], image)).not.toHaveProperty('value');
  });

  it('says nothing of values it does not have', () => {
    const none = draw('ellipse', [[0, 0], [4, 4]]);
    expect(none).toMatchObject({ unit: '' });
    expect(none).not.toHaveProperty('mean');
  });

  it('invents no unit: pixels without a spacing, a calibration by hand only where the header leaves room', () => {
    const bare = Object.fromEntries(Object.entries(ct).filter(([tag]) => tag !== '00280030'));
    expect(draw('length', [[0, 0], [3, 4]], imageOf(bare, null))).toMatchObject({ length: 5, calibrated: false, calibration: 'none' });
    expect(draw('length', [[0, 0], [3, 4]], imageOf(bare, null, [0.2, 0.2])))
      .toMatchObject({ length: 1, calibrated: true, calibration: 'manual', manualSpacing: [0.2, 0.2] });
    expect(draw('length', [[0, 0], [3, 4]], imageOf(ct, null, [0.2, 0.2]))).toMatchObject({ length: 2.5, calibration: 'spacing' });
    const detector = imageOf({ ...bare, '00181164': element('DS', 0.2, 0.2) }, null);
    expect(draw('length', [[0, 0], [3, 4]], detector)).toMatchObject({ length: 1, calibration: 'detector' });
  });
});
