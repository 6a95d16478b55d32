import { describe, expect, it } from 'vitest';
import { UPRIGHT, axes, mirrored, rotated } from './turn';

describe('turn', () => {
  it('turns clockwise: the image row then runs down the screen', () => {
    expect(axes(rotated(UPRIGHT, 1))).toEqual({ x: [0, 1], y: [-1, 0] });
  });

  it('comes back after four quarters, either way round', () => {
    expect(rotated(UPRIGHT, 4)).toEqual(UPRIGHT);
    expect(rotated(rotated(UPRIGHT, -3), 3)).toEqual(UPRIGHT);
  });

  it('mirrors what the screen shows, whatever the rotation', () => {
    for (const quarters of [0, 1, 2, 3]) {
      for (const start of [UPRIGHT, mirrored(UPRIGHT, 'horizontal')]) {
        const before = rotated(start, quarters);
        const { x, y } = axes(before);
        expect(axes(mirrored(before, 'horizontal'))).toEqual({ x: [-x[0] + 0, x[1]], y: [-y[0] + 0, y[1]] });
        expect(axes(mirrored(before, 'vertical'))).toEqual({ x: [x[0], -x[1] + 0], y: [y[0], -y[1] + 0] });
        expect(mirrored(mirrored(before, 'vertical'), 'vertical')).toEqual(before);
      }
    }
  });
});
