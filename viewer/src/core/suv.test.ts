import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { suvScale } from './suv';

function element(vr: string, ...Value: unknown[]): { vr: string; Value: unknown[] } {
  return { vr, Value };
}

function agent(values: DicomInstance = {}): { vr: string; Value: unknown[] } {
  return element('SQ', { '00181074': element('DS', 4e8), '00181075': element('DS', 6600), '00181072': element('TM', '100000'), ...values });
}

const pet: DicomInstance = {
  '00080060': element('CS', 'PT'),
  '00541001': element('CS', 'BQML'),
  '00541102': element('CS', 'START'),
  '00280051': element('CS', 'DECY', 'ATTN'),
  '00101030': element('DS', 80),
  '00080021': element('DA', '20260102'),
  '00080031': element('TM', '115000.000'),
  '00080022': element('DA', '20260102'),
  '00080032': element('TM', '115500'),
  '00540016': agent(),
};

describe('suvScale', () => {
  it('is body weight by the dose that is left: after one half-life, twice the one at the injection', () => {
    expect(suvScale(pet)).toEqual({ factor: 80_000 / 2e8 });
    expect(suvScale({ ...pet, '00541102': element('CS', 'ADMIN') })).toEqual({ factor: 80_000 / 4e8 });
    expect(suvScale({ ...pet, '00541001': element('CS', 'GML') })).toEqual({ factor: 1 });
  });

  it('takes an injection before midnight for that of the day before', () => {
    const late = { ...pet, '00080031': element('TM', '005000'), '00540016': agent({ '00181072': element('TM', '230000') }) };
    expect(suvScale(late)).toEqual({ factor: 80_000 / 2e8 });
    const dated = { ...pet, '00540016': agent({ '00181078': element('DT', '20260102100000.00') }) };
    expect(suvScale(dated)).toEqual({ factor: 80_000 / 2e8 });
  });

  it('is refused with the reason where the header does not allow it', () => {
    const refused = (values: DicomInstance): unknown => suvScale({ ...pet, ...values });
    expect(refused({ '00541001': element('CS', 'CNTS') })).toEqual({ refused: 'units' });
    expect(refused({ '00541001': element('CS', 'GML'), '00541006': element('CS', 'LBM') })).toEqual({ refused: 'units' });
    expect(refused({ '00280051': element('CS', 'ATTN') })).toEqual({ refused: 'corrections' });
    expect(refused({ '00541102': element('CS', 'NONE') })).toEqual({ refused: 'decay' });
    expect(refused({ '00101030': element('DS', 0) })).toEqual({ refused: 'weight' });
    expect(refused({ '00540016': agent({ '00181075': element('DS') }) })).toEqual({ refused: 'dose' });
    expect(refused({ '00540016': element('SQ') })).toEqual({ refused: 'dose' });
    expect(refused({ '00080032': element('TM', '114000') })).toEqual({ refused: 'times' });
    expect(refused({ '00540016': agent({ '00181072': element('TM') }) })).toEqual({ refused: 'times' });
    expect(suvScale({ '00080060': element('CS', 'CT') })).toBeNull();
  });
});
