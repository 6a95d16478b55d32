import { describe, expect, it } from 'vitest';
import { HOUNSFIELD_PRESETS, transferTable, windowPresets } from './transfer';

describe('transferTable', () => {
  it('rises from point to point, and goes on at the ends', () => {
    const table = transferTable([{ value: 100, colour: [0, 0, 0], opacity: 0 }, { value: 200, colour: [200, 100, 50], opacity: 1 }], 0, 1023);
    expect([...table.slice(0, 4)]).toEqual([0, 0, 0, 0]);
    expect([...table.slice(600, 604)]).toEqual([100, 50, 25, 128]);
    expect([...table.slice(-4)]).toEqual([200, 100, 50, 255]);
  });

  it('has nothing to show of what is less than the first point', () => {
    for (const { projection, points } of [...HOUNSFIELD_PRESETS, ...windowPresets({ center: 40, width: 400, function: 'LINEAR' })]) {
      if (!projection) expect(points[0]?.opacity).toBe(0);
      expect(points.map(({ value }) => value)).toEqual(points.map(({ value }) => value).toSorted((one, other) => one - other));
    }
  });
});
