import { describe, expect, it, vi } from 'vitest';

import { MemoryShare } from './memory_share';

const MB = 2 ** 20;

describe('the memory of decoded images', () => {
  it('is shared by the cells that fetch ahead: together they never ask for more than is kept', () => {
    const share = new MemoryShare(512 * MB);
    const cells = Array.from({ length: 16 }, () => ({}));
    expect(share.aheadOf(cells[0] ?? {})).toBe(96 * MB);
    for (const cell of cells) share.aheadOf(cell);
    expect(cells.map((cell) => share.aheadOf(cell)).reduce((sum, one) => sum + one, 0)).toBe(384 * MB);
    for (const cell of cells.slice(1)) share.leave(cell);
    expect(share.aheadOf(cells[0] ?? {})).toBe(96 * MB);
  });

  it('is less while a volume is open, and never nothing', () => {
    const changed = vi.fn();
    const share = new MemoryShare(512 * MB, changed);
    const volume = {};
    share.reserve(volume, 300 * MB);
    expect(share.frames).toBe(212 * MB);
    share.reserve(volume, 512 * MB);
    expect(share.frames).toBe(64 * MB);
    share.release(volume);
    expect(share.frames).toBe(512 * MB);
    expect(changed).toHaveBeenCalledTimes(3);
  });
});
