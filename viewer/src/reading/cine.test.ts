import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cine } from './cine';

/** A display of 60 images a second, driven by hand. */
let frames: FrameRequestCallback[] = [];
let now = 0;

function refresh(times: number): Promise<void> {
  return Array.from({ length: times }).reduce<Promise<void>>(async (before) => {
    await before;
    now += 1000 / 60;
    for (const frame of frames.splice(0)) frame(now);
    await Promise.resolve();
  }, Promise.resolve());
}

beforeEach(() => {
  frames = [];
  now = 0;
  vi.stubGlobal('requestAnimationFrame', (frame: FrameRequestCallback) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', () => {
    frames = [];
  });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('cine', () => {
  it('keeps the pace', async () => {
    let steps = 0;
    const cine = new Cine(() => {
      steps += 1;
      return Promise.resolve();
    });
    cine.play(15);
    await refresh(60);
    expect(steps).toBeGreaterThanOrEqual(14);
    expect(steps).toBeLessThanOrEqual(15);
    cine.stop();
    expect(cine.playing).toBe(false);
    await refresh(60);
    expect(steps).toBeLessThanOrEqual(15);
  });

  it('waits for an image that is late instead of passing over it', async () => {
    let [steps, come] = [0, (): void => undefined];
    const cine = new Cine(() => {
      steps += 1;
      return new Promise((resolve) => {
        come = resolve;
      });
    });
    cine.play(30);
    await refresh(60);
    expect(steps).toBe(1);
    come();
    await refresh(2);
    expect(steps).toBe(2);
  });

  it('plays again after it was stopped while waiting, and survives a failure', async () => {
    let steps = 0;
    const cine = new Cine(() => {
      steps += 1;
      return steps === 1 ? new Promise<void>(() => undefined) : Promise.reject(new Error('no image'));
    });
    cine.play(60);
    await refresh(10);
    cine.stop();
    cine.play(60);
    await refresh(10);
    expect(steps).toBeGreaterThan(3);
  });
});
