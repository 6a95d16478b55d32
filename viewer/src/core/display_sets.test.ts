import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { displaySets, frameRate, sliceDistance } from './display_sets';

interface Wanted {
  readonly z?: number;
  readonly columns?: number;
  readonly direction?: readonly number[];
  readonly frames?: number;
  readonly more?: DicomInstance;
}

function image(number: number, { z, columns = 4, direction = [1, 0, 0, 0, 1, 0], frames, more = {} }: Wanted = {}): DicomInstance {
  return {
    '00080018': { vr: 'UI', Value: [`1.2.${number}`] },
    '0020000D': { vr: 'UI', Value: ['1'] },
    '0020000E': { vr: 'UI', Value: ['1.1'] },
    '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
    '00200013': { vr: 'IS', Value: [number] },
    '00280010': { vr: 'US', Value: [4] },
    '00280011': { vr: 'US', Value: [columns] },
    '00280100': { vr: 'US', Value: [16] },
    '7FE00010': { vr: 'OW', BulkDataURI: '/x' },
    ...(z === undefined ? {} : { '00200032': { vr: 'DS', Value: [0, 0, z] }, '00200037': { vr: 'DS', Value: direction } }),
    ...(frames === undefined ? {} : { '00280008': { vr: 'IS', Value: [frames] } }),
    ...more,
  };
}

const order = (instances: readonly DicomInstance[]): readonly string[] => (displaySets(instances)[0]?.images ?? []).map(({ sopInstanceUid }) => sopInstanceUid);

describe('splitting a series into display sets', () => {
  it('sorts a stack along its normal, in the direction of its numbers', () => {
    expect(order([image(3, { z: 30 }), image(1, { z: 10 }), image(2, { z: 20 })])).toEqual(['1.2.1', '1.2.2', '1.2.3']);
    expect(order([image(3, { z: 10 }), image(1, { z: 30 }), image(2, { z: 20 })])).toEqual(['1.2.1', '1.2.2', '1.2.3']);
    expect(order([image(1, { z: 20 }), image(2, { z: 10 }), image(9, { z: 30 })])).toEqual(['1.2.2', '1.2.1', '1.2.9']);
  });

  it('sorts by Instance Number where a place is held twice or unknown', () => {
    expect(order([image(10, { z: 1 }), image(9, { z: 1 }), image(2, { z: 5 })])).toEqual(['1.2.2', '1.2.9', '1.2.10']);
    expect(order([image(10), image(9), image(2)])).toEqual(['1.2.2', '1.2.9', '1.2.10']);
  });

  it('parts images of another size or direction', () => {
    const sets = displaySets([image(1, { z: 1 }), image(2, { z: 2 }), image(3, { z: 3, columns: 8 }), image(4, { z: 4, direction: [0, 1, 0, 0, 0, -1] })]);
    expect(sets.map(({ images, kind }) => [kind, images.length])).toEqual([['stack', 2], ['stack', 1], ['stack', 1]]);
    expect(new Set(sets.map(({ id }) => id)).size).toBe(3);
  });

  it('gives each multi-frame instance its own set, with an address for each frame', () => {
    const [stack, cine] = displaySets([image(2, { frames: 3, more: { '00181063': { vr: 'DS', Value: [40] } } }), image(1)]);
    expect(stack?.images.length).toBe(1);
    expect(cine).toMatchObject({ kind: 'multiframe', frameRate: 25 });
    expect(cine?.images.map(({ frameUrl }) => frameUrl)).toEqual([1, 2, 3].map((n) => `/dicom-web/studies/1/series/1.1/instances/1.2.2/frames/${n}`));
  });

  it('says what is a document and what it cannot show', () => {
    const without = (sopClass: string): DicomInstance =>
      Object.fromEntries(Object.entries(image(1, { more: { '00080016': { vr: 'UI', Value: [sopClass] } } })).filter(([tag]) => tag !== '7FE00010'));
    expect(displaySets([without('1.2.840.10008.5.1.4.1.1.88.22')])[0]).toMatchObject({ kind: 'document', images: [] });
    expect(displaySets([without('1.2.840.10008.5.1.4.1.1.481.3')])[0]).toMatchObject({ kind: 'document', images: [], objects: [{}] });
    expect(displaySets([without('1.2.3.4')])[0]).toMatchObject({ kind: 'unsupported', images: [] });
    expect(displaySets([])).toEqual([]);
  });

  it('takes the levels of one slide together, and leaves its label an image', () => {
    const level = (number: number, flavor: string): DicomInstance => image(number, { frames: 4, more: {
      '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.77.1.6'] }, '00080008': { vr: 'CS', Value: ['ORIGINAL', 'PRIMARY', flavor] },
      '00480006': { vr: 'UL', Value: [8] }, '00200052': { vr: 'UI', Value: ['1.9'] },
    } });
    const sets = displaySets([level(1, 'VOLUME'), level(2, 'LABEL'), level(3, 'VOLUME')]);
    expect(sets.map(({ kind, images, objects }) => [kind, images.length, objects?.length ?? 0])).toEqual([['multiframe', 4, 0], ['document', 0, 2]]);
  });

  it('shows a film as a film, not frame by frame', () => {
    const film = image(1, { frames: 100, more: { '00083002': { vr: 'UI', Value: ['1.2.840.10008.1.2.4.102'] } } });
    expect(displaySets([film])[0]).toMatchObject({ kind: 'document', images: [] });
  });

  it('knows the rate of a cine from any of its attributes', () => {
    expect(frameRate({ '00180040': { vr: 'IS', Value: ['30'] } })).toBe(30);
    expect(frameRate({ '00181065': { vr: 'DS', Value: [0, 50, 50] } })).toBe(20);
    expect(frameRate({})).toBeNull();
  });

  it('measures the distance between slices', () => {
    const [set] = displaySets([image(1, { z: 0 }), image(2, { z: 2.5 }), image(3, { z: 5 })]);
    expect(set && sliceDistance(set)).toBe(2.5);
  });
});
