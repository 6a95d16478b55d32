import { beforeEach, describe, expect, it } from 'vitest';

import type { DicomInstance, DisplaySet, ImageReference } from '../../core/display_set';
import { chooseLocale } from '../../i18n/locale';
import { overlayText, scaleBar } from './overlay_text';

function image(attributes: Readonly<Record<string, unknown>>): ImageReference {
  const instance: DicomInstance = Object.fromEntries(
    Object.entries(attributes).map(([tag, value]) => [tag, { vr: 'LO', Value: Array.isArray(value) ? value : [value] }]),
  );
  return { instance, sopInstanceUid: '1.2', frame: 1, frameUrl: '', renderedUrl: '' };
}

const set = { seriesNumber: 3, description: 'Phổi' } as DisplaySet;

beforeEach(() => chooseLocale('vi'));

describe('the corners of an image', () => {
  it('name the patient of that very image', () => {
    const words = overlayText(set, image({
      '00100010': { Alphabetic: 'NGUYỄN^VĂN^ĐỨC' }, '00100020': 'BN01', '00100030': '19800102', '00100040': 'M', '00080020': '20260305',
    }));
    expect(words.patient).toEqual(['NGUYỄN VĂN ĐỨC', 'BN01', 'Nam  02/01/1980  46 tuổi']);
    expect(words.series).toEqual(['Chuỗi 3  Phổi']);
    expect(words.lossy).toBeNull();
  });

  it('say that a name is missing rather than nothing', () => {
    expect(overlayText(set, image({})).patient[0]).toBe('Không có họ tên');
  });

  it('mark loss with its ratio, and the side', () => {
    const words = overlayText(set, image({ '00282110': '01', '00282112': 10, '00200062': 'R', '00185101': 'MLO' }));
    expect(words.lossy).toBe('Nén mất dữ liệu 10:1');
    expect(words.side).toBe('R MLO');
  });
});

describe('the scale bar', () => {
  const spaced = image({ '00280030': [0.5, 0.5] });
  it('is a round length that fits', () => {
    expect(scaleBar(spaced, 1)).toEqual({ pixels: 100, label: '5 cm' });
    expect(scaleBar(spaced, 10)).toEqual({ pixels: 100, label: '5 mm' });
  });
  it('is absent without a spacing', () => expect(scaleBar(image({}), 1)).toBeNull());
});
