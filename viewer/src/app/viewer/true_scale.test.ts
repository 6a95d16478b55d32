import { describe, expect, it } from 'vitest';

import type { DicomInstance, ImageReference } from '../../core/display_set';
import { isZoom, oneToOneZoom, trueSizeZoom } from './true_scale';

const image = (instance: DicomInstance): ImageReference => ({ instance, sopInstanceUid: '1', frame: 1, frameUrl: '', renderedUrl: '' });

describe('magnifications that mean something', () => {
  it('put one image pixel on one pixel of the screen', () => {
    expect(oneToOneZoom(1)).toBe(1);
    expect(oneToOneZoom(2)).toBe(0.5);
  });

  it('show a millimetre as a millimetre: 0.7 mm pixels on a screen of 4 pixels to the millimetre take 2.8', () => {
    expect(trueSizeZoom(image({ '00280030': { vr: 'DS', Value: [0.7, 0.7] } }), 4)).toBeCloseTo(2.8, 10);
  });

  it('do not guess where the header gives no size', () => {
    expect(trueSizeZoom(image({}), 4)).toBeNull();
  });

  it('are told apart from what is only near', () => {
    expect(isZoom(2.801, 2.8)).toBe(true);
    expect(isZoom(2.82, 2.8)).toBe(false);
    expect(isZoom(1, null)).toBe(false);
  });
});
