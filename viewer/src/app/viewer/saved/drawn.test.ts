import { describe, expect, it } from 'vitest';

import { type Measurement, MEASUREMENT_KINDS, POINT_COUNT } from '../../../core/measurement';
import { fromSaved, isComplete, keyOf, toSaved, valuesOf } from './drawn';
import { freshUuid, idOf, uuidOf } from './identity';

function measurement(more: Partial<Measurement>): Measurement {
  return {
    id: 'm-0123456789abcdef', kind: 'length', sopInstanceUid: '1.2.3', frame: 2, points: [[1.1, 2.2], [30, 40.7]],
    calibrated: true, calibration: 'patient', unit: '', ...more,
  } as Measurement;
}

describe('a drawing that is saved', () => {
  it('comes back as the same drawing, whatever its kind', () => {
    for (const kind of MEASUREMENT_KINDS) {
      const points = Array.from({ length: POINT_COUNT[kind] }, (_, at) => [at * 7.3, at * 3.1] as const);
      const one = measurement({ kind, points, ...(kind === 'text' || kind === 'arrow' ? { text: 'Nốt' } : {}) });
      const back = fromSaved(toSaved(one));
      expect(back && keyOf(back)).toBe(keyOf(one));
      expect(back?.id).toBe(one.id);
    }
  });

  it('has its numbers with their units', () => {
    expect(valuesOf(measurement({ length: 12.5 }))).toEqual([{ name: 'length', value: 12.5, unit: 'mm' }]);
    expect(valuesOf(measurement({ length: 12.5, calibrated: false }))).toEqual([{ name: 'length', value: 12.5, unit: 'px' }]);
    expect(valuesOf(measurement({}))).toEqual([{ name: 'length', value: null, unit: 'mm' }]);
    const region = measurement({
      kind: 'ellipse', area: 4, mean: -50, standardDeviation: 3, minimum: -60, maximum: -40, unit: 'HU',
    });
    expect(valuesOf(region).map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'area mm2', 'mean HU', 'standard_deviation HU', 'minimum HU', 'maximum HU',
    ]);
    expect(fromSaved(toSaved(region))).toMatchObject({ area: 4, mean: -50, unit: 'HU', calibrated: true });
  });

  it('keeps a calibration by hand', () => {
    const one = measurement({ manualSpacing: [0.2, 0.3], calibration: 'manual' });
    expect(fromSaved(toSaved(one))).toMatchObject({ manualSpacing: [0.2, 0.3], calibration: 'manual' });
  });

  it('is complete with all of its points, and a text with its words', () => {
    expect(isComplete(measurement({ points: [[1, 2]] }))).toBe(false);
    expect(isComplete(measurement({ kind: 'text', points: [[1, 2]] }))).toBe(false);
    expect(isComplete(measurement({ kind: 'text', points: [[1, 2]], text: 'a' }))).toBe(true);
  });

  it('is none of ours where it is a shape of others', () => {
    expect(fromSaved({ ...toSaved(measurement({})), kind: 'polyline' })).toBeNull();
  });
});

describe('the name of a drawing', () => {
  it('is within a UUID and comes out of it again', () => {
    const uuid = uuidOf('m-0123456789abcdef');
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(idOf(uuid)).toBe('m-0123456789abcdef');
    const other = freshUuid();
    expect(other).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(idOf(other)).toBe(other);
  });
});
