import { describe, expect, it } from 'vitest';

import type { DicomInstance, ImageReference } from './display_set';
import { grayscaleParameters } from './grayscale';
import { pixelFormat } from './pixel_format';
import { isFor, underState, unshownParts } from './softcopy_state';
import { windowed } from './voi';

const ds = (value: number): DicomInstance[string] => ({ vr: 'DS', Value: [value] });
const cs = (value: string): DicomInstance[string] => ({ vr: 'CS', Value: [value] });
const sq = (...items: readonly DicomInstance[]): DicomInstance[string] => ({ vr: 'SQ', Value: items });

const IMAGE: DicomInstance = {
  '00280002': ds(1), '00280004': cs('MONOCHROME1'), '00280010': ds(2), '00280011': ds(2), '00280100': ds(16), '00280101': ds(12),
  '00280102': ds(11), '00280103': ds(0), '00281052': ds(-1024), '00281053': ds(1), '00281050': ds(40), '00281051': ds(400),
  '00080060': cs('CT'), '00181600': cs('RECTANGULAR'), '60000010': ds(2), '60003000': { vr: 'OW', InlineBinary: 'AAAA' },
};
const image = (more: DicomInstance = {}, frame = 1): ImageReference => ({
  instance: { ...IMAGE, ...more }, sopInstanceUid: '1.2', frame, frameUrl: '/frames/1', renderedUrl: '/rendered',
});
const referenced = (...frames: readonly number[]): DicomInstance => ({
  '00081155': { vr: 'UI', Value: ['1.2'] }, ...(frames.length > 0 ? { '00081160': { vr: 'IS', Value: frames } } : {}),
});
const state = (more: DicomInstance = {}, ...frames: readonly number[]): DicomInstance => ({
  '00081115': sq({ '00081140': sq(referenced(...frames)) }), '20500020': cs('IDENTITY'), '00281052': ds(-1024), '00281053': ds(1), ...more,
});
const voi = (center: number, width: number, named?: string): DicomInstance => ({
  '00283110': sq({ '00281050': ds(center), '00281051': ds(width), ...(named ? { '00281056': cs(named) } : {}) }),
});

function shown(stated: DicomInstance, of = image()): ReturnType<typeof grayscaleParameters> {
  const found = underState(of, stated, '9.9');
  if (typeof found === 'string') throw new Error(found);
  const format = pixelFormat(found.instance);
  if (!format) throw new Error('no image');
  return grayscaleParameters(found.instance, found.frame, format);
}

describe('an image under a presentation state', () => {
  it('is itself where the state is for others, or for other frames', () => {
    const other = image();
    expect(isFor(state({}, 2), image())).toBe(false);
    expect(underState(other, state({}, 2), '9.9')).toBe(other);
    expect(isFor(state({}, 1, 2), image({}, 2))).toBe(true);
  });

  it('has the window and the polarity of the state alone', () => {
    const { windows, inverse, unit } = shown(state(voi(100, 50, 'SIGMOID')));
    expect(windows).toEqual([{ center: 100, width: 50, function: 'SIGMOID' }]);
    expect(inverse).toBe(false);
    expect(unit).toBe('HU');
    expect(shown(state({ ...voi(100, 50), '20500020': cs('INVERSE') })).inverse).toBe(true);
  });

  it('has the VOI LUT of the state', () => {
    const table = { '00283002': { vr: 'US', Value: [3, 0, 8] }, '00283006': { vr: 'US', Value: [0, 9, 255] } };
    const { windows, voiTable } = shown(state({ '00283110': sq({ '00283010': sq(table) }) }));
    expect(windows).toEqual([]);
    expect([...(voiTable?.entries ?? [])]).toEqual([0, 9, 255]);
  });

  it('shows all values that could be where the state has no window', () => {
    expect(shown(state()).windows).toEqual([{ center: -1024 + 4095 / 2, width: 4095, function: 'LINEAR_EXACT' }]);
  });

  it('keeps its own values when the state windows others', () => {
    const { windows: [own], modality } = shown(state({ ...voi(1064, 400), '00281052': ds(0) }));
    expect(modality).toEqual({ kind: 'linear', slope: 1, intercept: -1024 });
    const stated = { center: 1064, width: 400, function: 'LINEAR' } as const;
    for (const stored of [800, 864, 1000, 1064, 1200, 1263, 1300]) {
      if (own) expect(windowed(stored - 1024, own)).toBeCloseTo(windowed(stored, stated), 9);
    }
    expect(own?.function).toBe('LINEAR_EXACT');
  });

  it('is refused where the way of the state cannot be followed', () => {
    const table = { '00283002': { vr: 'US', Value: [1, 0, 8] }, '00283006': { vr: 'US', Value: [0] } };
    expect(underState(image(), state({ '20500010': sq(table) }), '9.9')).toBe('presentation_lut');
    expect(underState(image(), state({ '00286100': sq({}) }), '9.9')).toBe('mask');
    expect(underState(image(), state({ '00283000': sq(table) }), '9.9')).toBe('modality');
    expect(underState(image(), state(voi(1, 0)), '9.9')).toBe('voi');
    expect(underState(image(), state({ '00283110': sq({ '00283010': sq(table) }), '00281052': ds(0) }), '9.9')).toBe('modality');
  });

  it('has the shutter and the overlays of the state, not its own', () => {
    const found = underState(image(), state(voi(40, 400)), '9.9');
    if (typeof found === 'string') throw new Error(found);
    expect(Object.keys(found.instance).filter((tag) => tag.startsWith('0018') || tag.startsWith('60'))).toEqual([]);
    expect(found.frameUrl).toBe('/frames/1#9.9');
    const layered = underState(image(), state({ ...voi(40, 400), '60001001': cs('LAYER'), '00181600': cs('CIRCULAR') }), '9.9');
    if (typeof layered === 'string') throw new Error(layered);
    expect(layered.instance['60003000']).toBeDefined();
    expect(layered.instance['00181600']).toEqual(cs('CIRCULAR'));
    expect(unshownParts(state({ '00181600': cs('BITMAP'), '60003000': { vr: 'OW' } }))).toEqual(['shutter']);
    expect(unshownParts(state({ '60003000': { vr: 'OW' } }))).toEqual(['overlay']);
  });

  it('has the rescale of its own frame where functional groups say it', () => {
    const groups = { '52009230': sq(
      { '00289145': sq({ '00281052': ds(5), '00281053': ds(2), '00281054': { vr: 'LO', Value: ['US'] } }), '00289132': sq({ '00281050': ds(1), '00281051': ds(2) }) },
    ) };
    const { modality, windows } = shown(state({ ...voi(30, 20), '00281052': ds(5), '00281053': ds(2) }), image(groups));
    expect(modality).toEqual({ kind: 'linear', slope: 2, intercept: 5 });
    expect(windows).toEqual([{ center: 30, width: 20, function: 'LINEAR' }]);
  });
});
