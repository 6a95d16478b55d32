import { describe, expect, it } from 'vitest';
import { MISSING, OUTSIDE } from '../../../core/volume/resample';
import { colours, HOT_IRON, Painter } from './painter';

const look = { voi: { center: 50, width: 100, function: 'LINEAR_EXACT' }, inverse: false } as const;
const picture = (...values: number[]): { base: Float32Array; view: { width: number } } => ({ base: Float32Array.from(values), view: { width: values.length } });

describe('colours', () => {
  it('shows what is there, and black where nothing was acquired, whatever the polarity', () => {
    expect([...colours(picture(0, 100, OUTSIDE, Number.NaN), look, null)]).toEqual([0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
    expect([...colours(picture(0, OUTSIDE), { ...look, inverse: true }, null)]).toEqual([255, 255, 255, 255, 0, 0, 0, 255]);
  });

  it('marks a missing slice of either volume', () => {
    const over = { voi: look.voi, opacity: 0.5, values: Float32Array.from([MISSING, 50, OUTSIDE]) };
    const rgba = colours(picture(100, MISSING, 100), look, over);
    expect(rgba[0]).toBeGreaterThan(rgba[2] ?? 255);
    expect(rgba[4]).toBeGreaterThan(rgba[6] ?? 255);
    expect([...rgba.slice(8, 12)]).toEqual([255, 255, 255, 255]);
  });

  it('mixes the second volume by its opacity', () => {
    const over = { voi: look.voi, opacity: 0.25, values: Float32Array.from([100]) };
    expect([...colours(picture(0), look, over)]).toEqual([64, 64, 64, 255]);
    expect(HOT_IRON[0]).toEqual([0, 0, 0]);
    expect(HOT_IRON[255]).toEqual([255, 255, 255]);
  });
});

describe('Painter', () => {
  it('works only on the last of several wishes', async () => {
    const made: number[] = [];
    const painter = new Painter<number>((wish) => { made.push(wish); return Promise.resolve(); });
    [1, 2, 3].forEach((wish) => painter.want(wish));
    await Promise.resolve();
    await Promise.resolve();
    expect(made).toEqual([1, 3]);
  });
});
