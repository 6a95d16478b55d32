import { describe, expect, it } from 'vitest';

import { FIVE_PERCENT, NINETY_FIVE_PERCENT, pattern, STEPS } from './pattern';

describe.each([[1920, 1080], [1080, 1920], [2048, 2048], [640, 420]])('the pattern of a screen of %i × %i', (width, height) => {
  const { blocks } = pattern(width, height);

  it('stays on the screen and on whole pixels', () => {
    for (const one of blocks) {
      expect([one.x, one.y, one.width, one.height, one.gray].every(Number.isInteger)).toBe(true);
      expect(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height).toBe(true);
    }
  });

  it('has every step once, and the faint squares inside black and white', () => {
    expect(STEPS.map((gray) => blocks.filter(({ name }) => name === `step-${gray}`).length)).toEqual(STEPS.map(() => 1));
    for (const [outer, inner, gray] of [['black', 'five', FIVE_PERCENT], ['white', 'ninety-five', NINETY_FIVE_PERCENT]] as const) {
      const [around, square] = [blocks.find(({ name }) => name === outer), blocks.find(({ name }) => name === inner)];
      expect(square?.gray).toBe(gray);
      expect(square && around && square.x > around.x && square.y > around.y && square.x + square.width < around.x + around.width).toBe(true);
    }
    expect(FIVE_PERCENT / 255).toBeCloseTo(0.05, 2);
    expect(NINETY_FIVE_PERCENT / 255).toBeCloseTo(0.95, 2);
  });
});
