import { describe, expect, it } from 'vitest';

import { projectionWindow } from './projection';
import { MISSING } from './resample';

describe('the window of a projection', () => {
  it('goes from a quarter of what is no air to nearly the brightest', () => {
    // 400 places of air, 400 of tissue from 200 to 300, 10 of vessels at 1000; two places have no value.
    const tissue = Array.from({ length: 400 }, (_, at) => 200 + at / 4);
    const values = Float32Array.from([...new Array<number>(400).fill(5), ...tissue, ...new Array<number>(10).fill(1000), Number.NaN, MISSING]);
    const voi = projectionWindow(values);
    expect(voi?.function).toBe('LINEAR_EXACT');
    const [low, high] = [(voi?.center ?? 0) - (voi?.width ?? 0) / 2, (voi?.center ?? 0) + (voi?.width ?? 0) / 2];
    expect(low).toBeCloseTo(225.5, 0);
    expect(high).toBe(1000);
  });

  it('is none where all is alike, or nothing there', () => {
    expect(projectionWindow(new Float32Array(100).fill(7))).toBeNull();
    expect(projectionWindow(new Float32Array([Number.NaN, MISSING]))).toBeNull();
  });
});
