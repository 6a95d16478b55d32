import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { defaultVoi, displayTable, grayscaleParameters, modalityRange, modalityTable, type RawPixels } from './grayscale';
import { pixelFormat, type PixelFormat, storedValue } from './pixel_format';
import { fullRange, windowed } from './voi';

function header(more: DicomInstance = {}): DicomInstance {
  return {
    '00280010': { vr: 'US', Value: [2] },
    '00280011': { vr: 'US', Value: [2] },
    '00280002': { vr: 'US', Value: [1] },
    '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
    '00280100': { vr: 'US', Value: [16] },
    '00280101': { vr: 'US', Value: [12] },
    '00280102': { vr: 'US', Value: [11] },
    '00280103': { vr: 'US', Value: [0] },
    ...more,
  };
}

function format(more: DicomInstance = {}): PixelFormat {
  const found = pixelFormat(header(more));
  if (!found) throw new Error('no format');
  return found;
}

/** Display value of raw cells, opened and nothing touched. */
function shown(raw: readonly number[], more: DicomInstance = {}, pixels: RawPixels = Uint16Array.from(raw)): readonly (number | undefined)[] {
  const parameters = grayscaleParameters(header(more), 1, format(more));
  const table = displayTable(modalityTable(parameters), defaultVoi(parameters, pixels), parameters.inverse);
  return raw.map((value) => table[value]);
}

const window = (center: number, width: number, name?: string): DicomInstance => ({
  '00281050': { vr: 'DS', Value: [center] },
  '00281051': { vr: 'DS', Value: [width] },
  ...(name === undefined ? {} : { '00281056': { vr: 'CS', Value: [name] } }),
});
const signed: DicomInstance = { '00280103': { vr: 'US', Value: [1] } };

describe('stored values (PS3.5 §8.1.1)', () => {
  it('drops bits above High Bit and reads the sign at it', () => {
    expect(storedValue(0xf7d0, format())).toBe(0x7d0);
    expect(storedValue(0x0800, format(signed))).toBe(-2048);
    expect(storedValue(0xf7ff, format(signed))).toBe(2047);
    expect(storedValue(0x1235, format({ '00280102': { vr: 'US', Value: [15] } }))).toBe(0x123);
  });
});

describe('windows (PS3.3 C.11.2.1.2, C.11.2.1.3)', () => {
  it('follows the examples of the standard: center 2048 width 4096 is the identity of 12 bits', () => {
    const voi = { center: 2048, width: 4096, function: 'LINEAR' } as const;
    expect(windowed(0, voi)).toBe(0);
    expect(windowed(4095, voi)).toBe(1);
  });

  it('makes a threshold of width 1', () => {
    expect(shown([1999, 2000, 2001, 2002], window(2001, 1))).toEqual([0, 0, 255, 255]);
  });

  it('knows each function by its whole name', () => {
    expect(shown([1000, 1500, 2000, 3000], window(2000, 2000, 'LINEAR'))).toEqual([0, 64, 128, 255]);
    expect(shown([1000, 1500, 2000, 3000], window(2000, 2000, 'LINEAR_EXACT'))).toEqual([0, 64, 128, 255]);
    expect(shown([1000, 2000, 3000], window(2000, 2000, 'SIGMOID'))).toEqual([30, 128, 225]);
    expect(shown([1000, 2000], window(2000, 2000, 'NONSENSE'))).toEqual([0, 128]);
  });

  it('passes over windows that are not valid', () => {
    expect(shown([0, 100], window(50, 0))).toEqual([0, 255]);
  });
});

describe('the full range where a header gives no window', () => {
  it('is that of the frame, padding left out and black', () => {
    const padding = { '00280120': { vr: 'US', Value: [4000] } };
    expect(shown([10, 110, 4000], padding)).toEqual([0, 255, 0]);
  });

  it('reads padding as signed as the pixels are, whatever VR it has', () => {
    const padded = { ...signed, '00280101': { vr: 'US', Value: [16] }, '00280102': { vr: 'US', Value: [15] }, '00280120': { vr: 'US', Value: [63536] } };
    const parameters = grayscaleParameters(header(padded), 1, format(padded));
    expect(parameters.padding).toEqual({ low: -2000, high: -2000 });
    expect(modalityRange(Uint16Array.from([63536, 5, 9]), parameters)).toEqual({ minimum: 5, maximum: 9 });
  });

  it('is black for a flat frame and for nothing but padding', () => {
    expect(shown([7, 7])).toEqual([0, 0]);
    expect(shown([7], { '00280120': { vr: 'US', Value: [7] } })).toEqual([0]);
    expect(fullRange(3, 3).width).toBe(1);
  });
});

describe('modality transformation and polarity', () => {
  const rescale = { '00281052': { vr: 'DS', Value: ['-1024'] }, '00281053': { vr: 'DS', Value: ['1'] } };

  it('windows the rescaled values', () => {
    expect(shown([864, 1064, 1264], { ...rescale, ...window(40, 400) })).toEqual([0, 128, 255]);
  });

  it('gives HU to a CT that names no unit, and no unit to stored values', () => {
    const unit = (more: DicomInstance): string => grayscaleParameters(header(more), 1, format(more)).unit;
    expect(unit({ ...rescale, '00080060': { vr: 'CS', Value: ['CT'] } })).toBe('HU');
    expect(unit({ ...rescale, '00281054': { vr: 'LO', Value: ['US'] } })).toBe('');
    expect(unit({})).toBe('');
  });

  it('inverts MONOCHROME1 and INVERSE once, also together', () => {
    const mono1 = { '00280004': { vr: 'CS', Value: ['MONOCHROME1'] } };
    const inverse = { '20500020': { vr: 'CS', Value: ['INVERSE'] } };
    for (const more of [mono1, inverse, { ...mono1, ...inverse }]) {
      expect(shown([1000, 3000], { ...more, ...window(2000, 2000) })).toEqual([255, 0]);
    }
  });

  it('looks up a Modality LUT and then a VOI LUT of 8 bits packed in words', () => {
    const lut = (first: number, bits: number, data: string): DicomInstance => ({
      '00283002': { vr: 'US', Value: [4, first, bits] },
      '00283006': { vr: 'OW', InlineBinary: btoa(data) },
    });
    const modality = { '00283000': { vr: 'SQ', Value: [lut(10, 16, '\x00\x00\x01\x00\x02\x00\x03\x00')] } };
    const voi = { '00283010': { vr: 'SQ', Value: [lut(0, 8, '\x00\x40\x80\xff')] } };
    expect(shown([0, 10, 11, 12, 13, 4000], { ...modality, ...voi })).toEqual([0, 0, 64, 128, 255, 255]);
  });
});
