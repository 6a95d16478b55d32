import { describe, expect, it } from 'vitest';
import { dragged } from './adjust_window';

describe('dragging a window', () => {
  const voi = { center: 40, width: 400, function: 'LINEAR' } as const;

  it('widens to the right and raises the level downwards', () => {
    expect(dragged(voi, 150, 0)).toMatchObject({ width: 800, center: 40 });
    expect(dragged(voi, 0, 75)).toMatchObject({ width: 400, center: 140 });
  });

  it('never leaves the widths its function accepts', () => {
    expect(dragged({ ...voi, width: 1 }, -1000, 0).width).toBe(1);
    expect(dragged({ ...voi, width: 0.01, function: 'LINEAR_EXACT' }, -1, 0).width).toBeLessThan(0.01);
  });
});
