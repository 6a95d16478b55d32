import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { overlayPlanes, overlayRgba } from './overlay_plane';

const plane = (more: DicomInstance = {}): DicomInstance => ({
  '60000010': { vr: 'US', Value: [2] },
  '60000011': { vr: 'US', Value: [3] },
  '60000050': { vr: 'SS', Value: [1, 1] },
  '60000100': { vr: 'US', Value: [1] },
  '60000102': { vr: 'US', Value: [0] },
  ...more,
});
const data = (bytes: string): DicomInstance => ({ '60003000': { vr: 'OW', InlineBinary: btoa(bytes) } });
/** Where the painted page is white. */
const painted = (instance: DicomInstance, rows: number, columns: number, frame = 1): readonly number[] => {
  const rgba = overlayRgba(overlayPlanes(instance, frame, null), rows, columns) ?? [];
  return Array.from({ length: rows * columns }, (_, at) => at).filter((at) => rgba[at * 4 + 3] === 255);
};

describe('overlay planes (PS3.3 C.9.2)', () => {
  it('begin with the least significant bit, at their origin, cut at the border of the image', () => {
    expect(painted(plane(data('\x09\x00')), 2, 3)).toEqual([0, 3]);
    expect(painted(plane({ ...data('\x09\x00'), '60000050': { vr: 'SS', Value: [2, 2] } }), 3, 3)).toEqual([4, 7]);
    expect(painted(plane({ ...data('\x3f\x00'), '60000050': { vr: 'SS', Value: [0, -1] } }), 2, 3)).toEqual([0]);
  });

  it('belong to the frames they name, without padding between them', () => {
    const frames = plane({ ...data('\x41\x00'), '60000015': { vr: 'IS', Value: [2] }, '60000051': { vr: 'US', Value: [3] } });
    expect([2, 3, 4, 5].map((frame) => painted(frames, 2, 3, frame))).toEqual([[], [0], [0], []]);
  });

  it('may be a bit of the pixel cells', () => {
    const embedded = plane({ '60000102': { vr: 'US', Value: [12] } });
    const found = overlayPlanes(embedded, 1, Uint16Array.from([0x1000, 0x0fff, 0, 0, 0, 0x1001]));
    expect(found.map(({ bits }) => [...bits])).toEqual([[1, 0, 0, 0, 0, 1]]);
  });

  it('are none in an image that has none', () => {
    expect(overlayPlanes({}, 1, null)).toEqual([]);
    expect(overlayRgba([], 2, 2)).toBeNull();
  });
});
