import { describe, expect, it } from 'vitest';
import { functionalGroup, inlineBytes, isInstance, items, number, numbers, text, texts, words } from './attribute';

describe('reading DICOM JSON', () => {
  const instance = {
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'NGUYỄN^VĂN^ĐỨC' }] },
    '00281050': { vr: 'DS', Value: ['40 ', 300.5] },
    '00281056': { vr: 'CS', Value: ['LINEAR'] },
    '00280010': { vr: 'US', Value: [512] },
    '00280011': { vr: 'US' },
    '00283006': { vr: 'OW', InlineBinary: btoa('\x01\x00\xff\xff') },
    '00283002': { vr: 'US', Value: [2, 'x', 16] },
  };

  it('gives whole texts, never their first letter', () => {
    expect(text(instance, '00281056')).toBe('LINEAR');
    expect(texts(instance, '00100010')).toEqual(['NGUYỄN^VĂN^ĐỨC']);
  });

  it('reads numbers that are written as text', () => {
    expect(numbers(instance, '00281050')).toEqual([40, 300.5]);
    expect(number(instance, '00281050')).toBe(40);
  });

  it('answers nothing for what is absent, empty or of another type', () => {
    expect(number(instance, '00280011')).toBeNull();
    expect(number(instance, '00281056')).toBeNull();
    expect(numbers(instance, '00283002')).toBeNull();
    expect(text(instance, '99999999')).toBe('');
    expect(items(instance, '00280010')).toEqual([]);
  });

  it('reads binary values as bytes and words', () => {
    expect([...(inlineBytes(instance, '00283006') ?? [])]).toEqual([1, 0, 255, 255]);
    expect([...(words(instance, '00283006') ?? [])]).toEqual([1, 65535]);
    expect([...(words(instance, '00281050') ?? [])]).toEqual([40, 300]);
  });

  it('tells an instance from other JSON', () => {
    expect(isInstance(instance)).toBe(true);
    expect(isInstance({ error: 'no' })).toBe(false);
    expect(isInstance(null)).toBe(false);
    expect(isInstance([])).toBe(false);
  });

  it('takes the functional group of the frame before the shared one', () => {
    const group = (center: number): object => ({ '00289132': { vr: 'SQ', Value: [{ '00281050': { vr: 'DS', Value: [center] } }] } });
    const multiframe = {
      '52009229': { vr: 'SQ', Value: [group(1)] },
      '52009230': { vr: 'SQ', Value: [group(2), {}] },
    };
    const centers = [1, 2, 3].map((frame) => number(functionalGroup(multiframe, frame, '00289132') ?? {}, '00281050'));
    expect(centers).toEqual([2, 1, 1]);
  });
});
