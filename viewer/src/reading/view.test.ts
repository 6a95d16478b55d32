import { describe, expect, it } from 'vitest';
import { imagePlane } from './plane';
import { UPRIGHT, rotated } from './turn';
import { fittedZoom, limited } from './view';

describe('view', () => {
  const image = { columns: 512, rows: 256 };

  it('fits the longer side', () => {
    const plane = imagePlane(null, null, [1, 1]);
    expect(fittedZoom({ width: 1024, height: 1000 }, image, plane, UPRIGHT)).toBe(2);
    expect(fittedZoom({ width: 1024, height: 1000 }, image, plane, rotated(UPRIGHT, 1))).toBe(1000 / 512);
  });

  it('gives pixels that are higher than wide their height', () => {
    const plane = imagePlane(null, null, [1, 0.5]);
    expect(fittedZoom({ width: 1024, height: 512 }, image, plane, UPRIGHT)).toBe(1);
  });

  it('keeps the magnification useful', () => {
    expect(limited(0)).toBe(0.1);
    expect(limited(1e9)).toBe(64);
  });
});
