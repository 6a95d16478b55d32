import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { shutter, shutterPaths } from './shutter';

const shape = (...kinds: readonly string[]): DicomInstance => ({ '00181600': { vr: 'CS', Value: kinds } });
const IS = (...Value: readonly number[]) => ({ vr: 'IS', Value });
const RECTANGLE: DicomInstance = { '00181602': IS(11), '00181604': IS(20), '00181606': IS(3), '00181608': IS(8) };
const CIRCLE: DicomInstance = { '00181610': IS(5, 9), '00181612': IS(4) };

describe('a display shutter (PS3.3 C.7.6.11)', () => {
  it('counts rows and columns from 1, edges included', () => {
    expect(shutter({ ...shape('RECTANGULAR'), ...RECTANGLE }, 1)).toEqual({ openings: [{ kind: 'rectangle', left: 10, top: 2, right: 20, bottom: 8 }], gray: 0 });
  });

  it('gives the row of a circle and of vertices first', () => {
    expect(shutter({ ...shape('CIRCULAR'), ...CIRCLE }, 1)?.openings).toEqual([{ kind: 'circle', column: 8.5, row: 4.5, radius: 4 }]);
    const polygon = { ...shape('POLYGONAL'), '00181620': IS(1, 2, 1, 9, 7, 5) };
    expect(shutter(polygon, 1)?.openings).toEqual([{ kind: 'polygon', points: [[1.5, 0.5], [8.5, 0.5], [4.5, 6.5]] }]);
  });

  it('has a grey of its own', () => {
    const gray = (value: number): number | undefined => shutter({ ...shape('CIRCULAR'), ...CIRCLE, '00181622': { vr: 'US', Value: [value] } }, 1)?.gray;
    expect([gray(0), gray(32_896), gray(65_535)]).toEqual([0, 128, 255]);
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
