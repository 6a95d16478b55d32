import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { shutter, shutterPaths } from './shutter';

const shape = (...kinds: readonly string[]): DicomInstance => ({ '00181600': { vr: 'CS', Value: kinds } });
const IS = (...Value: readonly number[]) => ({ vr: 'IS', Value });
const RECTANGLE: DicomInstance = { '00181602': IS(11), '00181604': IS(20), '00181606': IS(3), '00181608': IS(8) };
const CIRCLE: DicomInstance = { '00181610': IS(5, 9), '00181612': IS(4) };

describe('a display shutter (PS3.3 C.7.6.11)', () => {
  it('counts rows and columns from 1, edges included', () => {
    expect(shutter({ ...shape('RECTANGULAR'), ...RECTANGLE }, 1)).toEqual({ openings: [{ kind: 'rectangle', left: 10, top: 2, right: 20, bottom: 8 }], colour: [0, 0, 0] });
  });

  it('gives the row of a circle and of vertices first', () => {
    expect(shutter({ ...shape('CIRCULAR'), ...CIRCLE }, 1)?.openings).toEqual([{ kind: 'circle', column: 8.5, row: 4.5, radius: 4 }]);
    const polygon = { ...shape('POLYGONAL'), '00181620': IS(1, 2, 1, 9, 7, 5) };
    expect(shutter(polygon, 1)?.openings).toEqual([{ kind: 'polygon', points: [[1.5, 0.5], [8.5, 0.5], [4.5, 6.5]] }]);
  });

  it('has a grey of its own, or a colour that goes before it', () => {
    const grey = (value: number): DicomInstance => ({ ...shape('CIRCULAR'), ...CIRCLE, '00181622': { vr: 'US', Value: [value] } });
    expect([0, 32_896, 65_535].map((value) => shutter(grey(value), 1)?.colour)).toEqual([[0, 0, 0], [128, 128, 128], [255, 255, 255]]);
    // L* 53.24, a* 80.09, b* 67.20 under D65 is the red of sRGB; here under D50: 54.29, 80.81, 69.89.
    const red = [54.29 / 100, (80.81 + 128) / 255, (69.89 + 128) / 255].map((part) => Math.round(part * 65_535));
    const [r = 0, g = 0, b = 0] = shutter({ ...grey(0), '00181624': { vr: 'US', Value: red } }, 1)?.colour ?? [];
    expect([r > 253, g < 3, b < 3]).toEqual([true, true, true]);
  });

  it('hides nothing by guess', () => {
    expect(shutter(shape('RECTANGULAR'), 1)).toBeNull();
    expect(shutter(shape('ELLIPTIC'), 1)).toBeNull();
    expect(shutter({ ...shape('RECTANGULAR', 'CIRCULAR'), ...CIRCLE }, 1)?.openings.length).toBe(1);
    expect(shutter({}, 1)).toBeNull();
  });

  it('may differ from frame to frame', () => {
    const group = (radius: number): DicomInstance => ({ '00189472': { vr: 'SQ', Value: [{ ...shape('CIRCULAR'), ...CIRCLE, '00181612': IS(radius) }] } });
    const instance: DicomInstance = { '52009230': { vr: 'SQ', Value: [group(1), group(2)] } };
    expect(shutter(instance, 2)?.openings).toEqual([{ kind: 'circle', column: 8.5, row: 4.5, radius: 2 }]);
  });

  it('covers each opening’s outside, so that only what is in all of them is seen', () => {
    const found = shutter({ ...shape('RECTANGULAR', 'CIRCULAR'), ...RECTANGLE, ...CIRCLE }, 1);
    expect(found && shutterPaths(found, 30, 10, 2)).toEqual([
      'M0 0H30V10H0ZM10 2H20V8H10Z',
      'M0 0H30V10H0ZM4.5 4.5A4 2 0 1 0 12.5 4.5A4 2 0 1 0 4.5 4.5Z',
    ]);
  });
});
