import { describe, expect, it } from 'vitest';
import { caliperReading, channelScale, pixelsPerSecond, type WavePaper } from './wave_paper';
import type { Channel } from './waveform';

const paper: WavePaper = { speed: 25, gain: 10, pixelsPerMm: 4 };
const channel = (unit: string, ...values: readonly number[]): Channel => ({ label: 'I', unit, values: Float32Array.from(values) });

describe('the paper of a wave', () => {
  it('runs at its speed', () => {
    expect(pixelsPerSecond(paper)).toBe(100);
    expect(pixelsPerSecond({ ...paper, speed: 50 })).toBe(200);
  });

  it('gives a millivolt the same height in any unit', () => {
    expect(channelScale(channel('mV'), paper)).toEqual({ pixels: 40, middle: 0 });
    expect(channelScale(channel('uV'), paper).pixels * 1000).toBeCloseTo(40);
  });

  it('fits what is no voltage into its strip', () => {
    expect(channelScale(channel('mm[Hg]', 60, 120, Number.NaN), paper)).toEqual({ pixels: 80 / 60, middle: 90 });
    expect(channelScale(channel('', 7, 7), paper)).toEqual({ pixels: 1, middle: 7 });
  });
});

describe('the caliper', () => {
  it('reads time, rate and amplitude', () => {
    const found = caliperReading({ seconds: 1.2, value: -0.25 }, { seconds: 2, value: 1 });
    expect(found.milliseconds).toBeCloseTo(800, 9);
    expect(found.rate).toBeCloseTo(75, 9);
    expect(found.amplitude).toBe(1.25);
    expect(caliperReading({ seconds: 1, value: 0 }, { seconds: 1, value: 2 }).rate).toBeNull();
  });
});
