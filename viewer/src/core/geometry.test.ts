import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { directionLetters, edgeLetters, measurementSpacing, pixelAspect, spacing, turnLetters } from './geometry';
import { area, distance, pixelsWithin } from './measure';

const pixelSpacing = (row: number, column: number): DicomInstance => ({ '00280030': { vr: 'DS', Value: [row, column] } });
const imager = (row: number, column: number): DicomInstance => ({ '00181164': { vr: 'DS', Value: [row, column] } });

describe('spacing (PS3.3 10.7.1.3)', () => {
  it('is row spacing first, column spacing second', () => {
    expect(spacing(pixelSpacing(2, 0.5), 1)).toEqual({ row: 2, column: 0.5, calibrated: true, note: null, source: 'spacing' });
    expect(distance([0, 0], [10, 0], spacing(pixelSpacing(2, 0.5), 1))).toBe(5);
    expect(distance([0, 0], [0, 10], spacing(pixelSpacing(2, 0.5), 1))).toBe(20);
  });

  it('says when it is that of the detector, and takes the magnification out', () => {
    expect(spacing(imager(0.2, 0.2), 1)).toMatchObject({ row: 0.2, calibrated: true, note: 'detector' });
    expect(spacing({ ...imager(0.2, 0.2), '00181114': { vr: 'DS', Value: [1.25] } }, 1).row).toBeCloseTo(0.16);
    expect(spacing({ ...imager(0.2, 0.2), ...pixelSpacing(0.2, 0.2) }, 1).note).toBe('detector');
    expect(spacing({ ...imager(0.2, 0.2), ...pixelSpacing(0.15, 0.15) }, 1).note).toBeNull();
  });

  it('is not calibrated by an aspect ratio, which still shapes the image', () => {
    const ratio = { '00280034': { vr: 'IS', Value: ['2', '1'] } };
    expect(spacing(ratio, 1)).toMatchObject({ calibrated: false, row: 2, column: 1 });
    expect(pixelAspect(ratio, 1)).toBe(2);
    expect(spacing({}, 1)).toEqual({ row: 1, column: 1, calibrated: false, note: null, source: 'none' });
  });

  it('ignores spacing that is no spacing', () => {
    expect(spacing(pixelSpacing(0, 0), 1).calibrated).toBe(false);
  });

  it('takes the plane of the frame in a multi-frame image', () => {
    const group = (size: number): object => ({ '00289110': { vr: 'SQ', Value: [pixelSpacing(size, size)] } });
    const multiframe = { '52009230': { vr: 'SQ', Value: [group(1), group(3)] } };
    expect(spacing(multiframe, 2).row).toBe(3);
  });
});

describe('ultrasound regions (PS3.3 C.8.5.5)', () => {
  const region = (x0: number, x1: number, unit: number, delta: number): DicomInstance => ({
    '00186018': { vr: 'UL', Value: [x0] }, '0018601A': { vr: 'UL', Value: [0] },
    '0018601C': { vr: 'UL', Value: [x1] }, '0018601E': { vr: 'UL', Value: [99] },
    '00186024': { vr: 'US', Value: [unit] }, '00186026': { vr: 'US', Value: [unit] },
    '0018602C': { vr: 'FD', Value: [delta] }, '0018602E': { vr: 'FD', Value: [-delta] },
  });
  const image = { '00186011': { vr: 'SQ', Value: [region(0, 99, 3, 0.02), region(100, 199, 4, 0.01)] } };

  it('measures in the region that holds all points', () => {
    expect(distance([10, 10], [60, 10], measurementSpacing(image, 1, [[10, 10], [60, 10]]))).toBeCloseTo(10);
  });

  it('gives pixels across regions, outside of them, and where the axis is time', () => {
    expect(measurementSpacing(image, 1, [[10, 10], [150, 10]]).calibrated).toBe(false);
    expect(measurementSpacing(image, 1, [[110, 10], [150, 10]]).calibrated).toBe(false);
    expect(measurementSpacing(image, 1, [[10, 150]]).calibrated).toBe(false);
  });
});

describe('orientation letters (PS3.3 C.7.6.1.1.1)', () => {
  const axial = { '00200037': { vr: 'DS', Value: [1, 0, 0, 0, 1, 0] } };

  it('names the edges of an axial image as radiologists expect', () => {
    expect(edgeLetters(axial, 1)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
  });

  it('names oblique directions by their strongest axis first', () => {
    expect(directionLetters([0.8, -0.6, 0])).toBe('LA');
    expect(directionLetters([0.01, 0.02, -1])).toBe('F');
  });

  it('falls back to Patient Orientation, and to nothing', () => {
    expect(edgeLetters({ '00200020': { vr: 'CS', Value: ['L', 'F'] } }, 1)).toEqual({ left: 'R', right: 'L', top: 'H', bottom: 'F' });
    expect(edgeLetters({ '00200020': { vr: 'CS', Value: ['', ''] } }, 1)).toEqual({ left: '', right: '', top: '', bottom: '' });
  });

  it('turns and flips with the image', () => {
    const edges = edgeLetters(axial, 1);
    expect(turnLetters(edges, 1, false, false)).toEqual({ top: 'R', right: 'A', bottom: 'L', left: 'P' });
    expect(turnLetters(edges, 0, true, false)).toMatchObject({ left: 'L', right: 'R', top: 'A' });
    expect(turnLetters(edges, 0, false, true)).toMatchObject({ left: 'R', top: 'P', bottom: 'A' });
    expect(turnLetters(edges, 4, true, true)).toEqual({ left: 'L', right: 'R', top: 'P', bottom: 'A' });
  });
});

describe('regions of interest', () => {
  const square = { row: 1, column: 1, calibrated: true, note: null, source: 'spacing' } as const;

  it('counts pixels whose centre is inside, cut at the border of the image', () => {
    const count = (kind: 'ellipse' | 'rectangle', from: [number, number], to: [number, number]): number => {
      let found = 0;
      pixelsWithin(kind, [from, to], 10, 10, () => (found += 1));
      return found;
    };
    expect(count('rectangle', [2, 2], [5, 4])).toBe(6);
    expect(count('rectangle', [5, 4], [2, 2])).toBe(6);
    expect(count('rectangle', [-5, -5], [50, 50])).toBe(100);
    expect(count('ellipse', [0, 0], [10, 10])).toBe(80);
    expect(count('ellipse', [3, 3], [3, 8])).toBe(0);
  });

  it('gives the area of the drawn shape', () => {
    expect(area('rectangle', [[0, 0], [10, 5]], { ...square, row: 2 })).toBe(100);
    expect(area('ellipse', [[0, 0], [10, 10]], square)).toBeCloseTo(78.54, 2);
  });
});
