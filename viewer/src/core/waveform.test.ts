import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { leadName, millivolts, waveformGroup, waveformNotes } from './waveform';

const unit = (value: string) => ({ vr: 'SQ', Value: [{ '00080100': { vr: 'SH', Value: [value] }, '00080104': { vr: 'LO', Value: [value] } }] });
const group = (more: DicomInstance = {}): DicomInstance => ({
  '003A0005': { vr: 'US', Value: [2] },
  '003A0010': { vr: 'UL', Value: [3] },
  '003A001A': { vr: 'DS', Value: [500] },
  '54001006': { vr: 'CS', Value: ['SS'] },
  '003A0200': { vr: 'SQ', Value: [
    { '003A0203': { vr: 'SH', Value: ['I'] }, '003A0210': { vr: 'DS', Value: [1.25] }, '003A0211': unit('uV'), '003A0212': { vr: 'DS', Value: [2] }, '003A0213': { vr: 'DS', Value: [10] } },
    { '003A0203': { vr: 'SH', Value: ['II'] } },
  ] },
  ...more,
});
const samples = (...values: readonly number[]): Uint8Array => new Uint8Array(Int16Array.from(values).buffer);

describe('a waveform group (PS3.3 C.10.9)', () => {
  it('gives physical values: sensitivity, its correction and the baseline', () => {
    const found = waveformGroup(group(), samples(0, 1, 100, 2, -4, 3));
    expect([...(found.channels[0]?.values ?? [])]).toEqual([10, 260, 0]);
    expect(found.channels[0]?.unit).toBe('uV');
    expect(found).toMatchObject({ frequency: 500, samples: 3 });
  });

  it('says that a channel without sensitivity has no unit', () => {
    expect(waveformGroup(group(), samples(0, 1, 0, 2, 0, 3)).channels[1]).toMatchObject({ unit: '', values: Float32Array.of(1, 2, 3) });
  });

  it('leaves out padding', () => {
    const padded = group({ '5400100A': { vr: 'OW', InlineBinary: btoa(String.fromCharCode(0, 0x80)) } });
    expect(waveformGroup(padded, samples(-32768, 1, 0, 2, 0, 3)).channels[0]?.values[0]).toBeNaN();
  });

  it('refuses samples that are missing or coded as companded sound', () => {
    expect(() => waveformGroup(group(), samples(0, 1))).toThrow(RangeError);
    expect(() => waveformGroup(group({ '54001006': { vr: 'CS', Value: ['MB'] } }), samples(0, 1, 2, 3, 4, 5))).toThrow(RangeError);
  });
});

describe('names and notes', () => {
  it('shortens the names of leads and nothing else', () => {
    expect(['Lead I (Einthoven)', 'Lead aVR, augmented', 'Lead V6', 'III', 'Aorta pressure'].map(leadName)).toEqual(['I', 'aVR', 'V6', 'III', 'Aorta pressure']);
  });

  it('knows voltages only', () => {
    expect([millivolts('uV'), millivolts('mV'), millivolts('mm[Hg]')]).toEqual([0.001, 1, null]);
  });

  it('reads values, texts and codes of annotations', () => {
    const note = (more: DicomInstance): DicomInstance => ({ '0040A043': unit('PR Interval'), ...more });
    const found = waveformNotes({ '0040B020': { vr: 'SQ', Value: [
      note({ '0040A30A': { vr: 'DS', Value: [160] }, '004008EA': unit('ms') }), note({ '00700006': { vr: 'ST', Value: ['Sinus rhythm'] } }), note({}),
    ] } });
    expect(found).toEqual([{ name: 'PR Interval', value: '160', unit: 'ms' }, { name: 'PR Interval', value: 'Sinus rhythm', unit: '' }]);
  });
});
