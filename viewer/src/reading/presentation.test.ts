import { describe, expect, it } from 'vitest';
import type { DicomInstance } from '../core/display_set';
import { type GrayscaleFrame, defaultTransform, displayValues } from '../core/frame';
import { grayscaleParameters } from '../core/grayscale';
import { pixelFormat } from '../core/pixel_format';
import type { Voi } from '../core/viewport';
import { PLAIN, Presenter, draggedVoi } from './presentation';

function frameOf(more: DicomInstance, pixels: Uint16Array): GrayscaleFrame {
  const instance: DicomInstance = {
    '00280002': { vr: 'US', Value: [1] },
    '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
    '00280010': { vr: 'US', Value: [16] },
    '00280011': { vr: 'US', Value: [pixels.length / 16] },
    '00280100': { vr: 'US', Value: [16] },
    '00280101': { vr: 'US', Value: [12] },
    '00280102': { vr: 'US', Value: [11] },
    '00280103': { vr: 'US', Value: [1] },
    ...more,
  };
  const format = pixelFormat(instance);
  if (!format) throw new Error('not an image');
  return { kind: 'grayscale', format, parameters: grayscaleParameters(instance, 1, format), pixels, lossy: false };
}

const every = Uint16Array.from({ length: 0x1000 }, (_, at) => at | (at % 3 === 0 ? 0xf000 : 0));
const windowed: DicomInstance = { '00281050': { vr: 'DS', Value: [40] }, '00281051': { vr: 'DS', Value: [400] } };

describe('presenter', () => {
  it('shows what the core shows, for every stored value, window and polarity', () => {
    const frames = [
      frameOf(windowed, every),
      frameOf({}, every),
      frameOf({ ...windowed, '00280004': { vr: 'CS', Value: ['MONOCHROME1'] } }, every),
      frameOf({ ...windowed, '00280120': { vr: 'US', Value: [0xf800] } }, every),
    ];
    const windows: (Voi | null)[] = [null, ...(['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const).map((name) => ({ center: -3, width: 1.5, function: name }))];
    const presenter = new Presenter();
    for (const frame of frames) {
      for (const voi of windows) {
        for (const inverted of [false, true]) {
          const transform = voi ? { kind: 'window' as const, voi } : defaultTransform(frame);
          if (!transform) throw new Error('no transform');
          expect(presenter.picture(frame, { voi, inverted }).pixels).toEqual(displayValues(frame, transform, inverted));
        }
      }
    }
  });

  it('turns colour round without touching the frame', () => {
    const rgba = Uint8ClampedArray.from([10, 20, 30, 255]);
    const format = { ...frameOf({}, every).format, rows: 1, columns: 1 };
    const presenter = new Presenter();
    expect([...presenter.picture({ kind: 'colour', format, rgba, lossy: false }, PLAIN).pixels]).toEqual([10, 20, 30]);
    expect([...presenter.picture({ kind: 'colour', format, rgba, lossy: false }, { voi: null, inverted: true }).pixels]).toEqual([245, 235, 225]);
    expect([...rgba]).toEqual([10, 20, 30, 255]);
  });
});

describe('draggedVoi', () => {
  it('keeps the width valid however far it is dragged', () => {
    expect(draggedVoi({ center: 0, width: 2, function: 'LINEAR' }, -5000, 0).width).toBe(1);
    expect(draggedVoi({ center: 0, width: 2, function: 'SIGMOID' }, -50000, 0).width).toBeGreaterThan(0);
  });

  it('widens to the right and rises downwards', () => {
    const voi = draggedVoi({ center: 40, width: 400, function: 'LINEAR' }, 30, 30);
    expect(voi.width).toBeGreaterThan(400);
    expect(voi.center).toBe(80);
  });
});
