import { describe, expect, it } from 'vitest';
import { colourToRgba, expandSegments, palette, paletteToRgba } from './colour';
import type { PixelFormat } from './pixel_format';

const format = (more: Partial<PixelFormat>): PixelFormat => ({
  rows: 1, columns: 2, samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7, signed: false, photometric: 'RGB', planar: false, float: false, ...more,
});

describe('colour frames (PS3.3 C.7.6.3.1.2, C.7.6.3.1.3)', () => {
  it('reads colour by pixel and by plane', () => {
    const expected = [1, 2, 3, 255, 4, 5, 6, 255];
    expect([...colourToRgba([1, 2, 3, 4, 5, 6], format({}))]).toEqual(expected);
    expect([...colourToRgba([1, 4, 2, 5, 3, 6], format({ planar: true }))]).toEqual(expected);
  });

  it('converts YBR_FULL, and 4:2:2 where two pixels share their colour', () => {
    expect([...colourToRgba([76, 85, 255, 150, 44, 21], format({ photometric: 'YBR_FULL' }))]).toEqual([254, 0, 0, 255, 0, 255, 1, 255]);
    expect([...colourToRgba([10, 200, 128, 128], format({ photometric: 'YBR_FULL_422' }))]).toEqual([10, 10, 10, 255, 200, 200, 200, 255]);
  });

  it('brings 16 bits to 8', () => {
    expect([...colourToRgba([0, 32768, 65535, 0, 0, 0], format({ bitsAllocated: 16, bitsStored: 16 }))].slice(0, 3)).toEqual([0, 128, 255]);
  });
});

describe('palettes (PS3.3 C.7.6.3.1.5, C.7.9.2)', () => {
  it('takes the first or last entry outside the table', () => {
    const ramp = Uint8Array.from([10, 20, 30]);
    const colours = { firstMapped: 5, red: ramp, green: ramp, blue: ramp };
    const shown = paletteToRgba([0, 5, 6, 7, 200], format({ samplesPerPixel: 1, photometric: 'PALETTE COLOR' }), colours);
    expect([...shown].filter((_, at) => at % 4 === 0)).toEqual([10, 10, 20, 30, 30]);
  });

  it('expands discrete and linear segments', () => {
    expect([...expandSegments(Uint16Array.from([0, 2, 5, 10, 1, 4, 30]))]).toEqual([5, 10, 15, 20, 25, 30]);
  });

  it('repeats segments that an indirect one names', () => {
    expect([...expandSegments(Uint16Array.from([0, 1, 7, 2, 1, 0, 0]))]).toEqual([7, 7]);
  });

  it('answers none when the header has no palette', () => {
    expect(palette({}, format({ samplesPerPixel: 1, photometric: 'PALETTE COLOR' }))).toBeNull();
  });
});
