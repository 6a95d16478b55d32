import { describe, expect, it } from 'vitest';
import type { DicomInstance, DisplaySet } from '../display_set';
import { indexOf, pointAt, stepAlong, volumeGrid, type VolumeGrid } from './grid';
import type { Vector } from './vector';

const ds = (...values: readonly (number | string)[]): { vr: string; Value: readonly (number | string)[] } => ({ vr: 'DS', Value: values });

function instance(place: Vector, more: DicomInstance = {}): DicomInstance {
  return {
    '00280010': ds(40), '00280011': ds(50), '00280100': ds(16), '00280101': ds(16), '00280102': ds(15), '00280103': ds(1),
    '00280002': ds(1), '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
    '00200037': ds(1, 0, 0, 0, 1, 0), '00200032': ds(...place), '00280030': ds(0.7, 0.5),
    '00200052': { vr: 'UI', Value: ['1.2.3'] }, ...more,
  };
}

function series(instances: readonly DicomInstance[]): DisplaySet {
  return {
    id: '1#0', studyInstanceUid: '1', seriesInstanceUid: '1', modality: 'CT', seriesNumber: 1, description: '', kind: 'stack', frameRate: null,
    images: instances.map((one, at) => ({ instance: one, sopInstanceUid: String(at), frame: 1, frameUrl: `/${at}`, renderedUrl: '' })),
  };
}

const along = (...depths: readonly number[]): DisplaySet => series(depths.map((depth) => instance([10, 20, depth])));

function grid(set: DisplaySet): VolumeGrid {
  const found = volumeGrid(set);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('volumeGrid', () => {
  it('puts slices in any order into slots from the lowest', () => {
    const found = grid(along(6, 2, 4));
    expect(found).toMatchObject({ slots: 3, missing: 0, tilt: 0, origin: [10, 20, 2], slotOf: [2, 0, 1], columns: 50, rows: 40 });
    expect(found.toSlot[2]).toBeCloseTo(2, 12);
    expect(found.toColumn).toEqual([0.5, 0, 0]);
    expect(found.toRow).toEqual([0, 0.7, 0]);
  });

  it('leaves the places of missing slices empty', () => {
    expect(grid(along(0, 2, 4, 8, 10))).toMatchObject({ slots: 6, missing: 1, slotOf: [0, 1, 2, 4, 5] });
  });

  it('takes header values that were rounded, but no real difference', () => {
    expect(grid(along(0, 0.6, 1.3, 1.9, 2.5)).slots).toBe(5);
    expect(volumeGrid(along(0, 2, 4, 6.3, 8.3))).toBe('varying');
    expect(volumeGrid(along(0, 1, 2, 7, 12, 17))).toBe('varying');
  });

  it('goes exactly along the table of a tilted gantry', () => {
    const angle = (20 * Math.PI) / 180;
    const tilted = series([0, 5, 10, 15].map((table) => instance([0, 0, table], { '00200037': ds(1, 0, 0, 0, Math.cos(angle), Math.sin(angle)) })));
    const found = grid(tilted);
    expect(found.tilt).toBeCloseTo(20, 6);
    expect(found.toSlot[2]).toBeCloseTo(5, 12);
    const point = pointAt(found, [12.5, 30, 2.25]);
    expect(point[1]).toBeCloseTo(30 * 0.7 * Math.cos(angle), 9);
    expect(point[2]).toBeCloseTo(30 * 0.7 * Math.sin(angle) + 2.25 * 5, 9);
    indexOf(found, point).forEach((part, axis) => expect(part).toBeCloseTo([12.5, 30, 2.25][axis] ?? 0, 9));
  });

  it('refuses what is no volume, and says why', () => {
    expect(volumeGrid(series([]))).toBe('not_images');
    expect(volumeGrid(along(0, 1))).toBe('few');
    expect(volumeGrid(along(0, 1, 1, 2))).toBe('same_place');
    const odd = (more: DicomInstance): DisplaySet => series([instance([0, 0, 0]), instance([0, 0, 1]), instance([0, 0, 2], more)]);
    expect(volumeGrid(odd({ '00200037': ds(1, 0, 0, 0, 0.9998, 0.02) }))).toBe('orientation');
    expect(volumeGrid(odd({ '00280010': ds(41) }))).toBe('mixed');
    expect(volumeGrid(odd({ '00200052': { vr: 'UI', Value: ['9'] } }))).toBe('mixed');
    expect(volumeGrid(odd({ '00100020': { vr: 'LO', Value: ['another patient'] } }))).toBe('mixed');
    expect(volumeGrid(odd({ '00280030': ds(0.7, 0.6) }))).toBe('mixed');
    expect(volumeGrid(odd({ '00280030': { vr: 'DS' } }))).toBe('no_spacing');
    expect(volumeGrid(odd({ '00200037': { vr: 'DS' } }))).toBe('no_position');
    expect(volumeGrid(odd({ '00280002': ds(3), '00280004': { vr: 'CS', Value: ['RGB'] } }))).toBe('colour');
    expect(volumeGrid(series([instance([0, 0, 0]), instance([3, 0, 1]), instance([0, 0, 2])]))).toBe('not_in_line');
    expect(volumeGrid(series([instance([0, 0, 0]), instance([0, 0, 1]), instance([0, 0, 2])].map((one) => ({ ...one, '00280030': { vr: 'DS' }, '00181164': ds(0.1, 0.1) }))))).toBe('no_spacing');
  });

  it('says how far apart voxels are in a direction', () => {
    const found = grid(along(0, 3, 6));
    expect(stepAlong(found, [0, 0, 1])).toBeCloseTo(3, 12);
    expect(stepAlong(found, [1, 0, 0])).toBeCloseTo(0.5, 12);
  });
});
