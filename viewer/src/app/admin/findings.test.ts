import { describe, expect, it } from 'vitest';

import type { Queue, Status } from './api';
import { diskLevel, openLevel, processLevel, queueLevel, rateOf, reachLevel, receivingLevel, shownQueues, tally, uploadReason } from './findings';

const AT = '2026-03-01T12:00:00Z';
const GB = 1e9;

const WELL: Status = {
  at: AT, version: '1', node: 'a1b2c3d4',
  processes: [
    { kind: 'dicom', wanted: 2, ready: 2, since: AT }, { kind: 'web', wanted: 1, ready: 1, since: AT },
    { kind: 'worker', wanted: 1, ready: 1, since: AT },
  ],
  receiving: { refused: null, limit_bytes: GB, since: '2026-03-01T11:55:00Z', instances: 0, bytes: 0, last_received_at: null },
  disks: [{ holds: ['spool', 'index'], free_bytes: 50 * GB, total_bytes: 100 * GB }],
  queue: [],
  object_store: { kind: 's3', reachable: true, since: AT },
  index: { kind: 'sqlite', reachable: true, since: AT },
  cache: null, quarantine: 0, discrepancy: 0,
};

const queue = (oldest_at: string | null, others: Partial<Queue> = {}): Queue => (
  { node: 'a', here: true, instances: 3, bytes: 9, oldest_at, away_since: null, reason: '', failing: 0, ...others }
);

describe('the status', () => {
  it('is well when nothing is wrong', () => {
    expect(tally(WELL)).toEqual({ bad: 0, attention: 0 });
  });

  it('tells a disk that is soon full from one that refuses', () => {
    const disk = (free: number) => ({ holds: ['spool'] as const, free_bytes: free * GB, total_bytes: 100 * GB });
    expect(diskLevel(disk(5), GB)).toBe('good');
    expect(diskLevel(disk(4.9), GB)).toBe('attention');
    expect(diskLevel(disk(0.9), GB)).toBe('bad');
    expect(diskLevel({ holds: ['objects'], free_bytes: 0.5 * GB, total_bytes: 100 * GB }, GB)).toBe('attention');
  });

  it('looks at how long the oldest waits, by the clock of the server', () => {
    expect(queueLevel(queue('2026-03-01T11:59:00Z'), AT)).toBe('good');
    expect(queueLevel(queue('2026-03-01T11:54:00Z'), AT)).toBe('attention');
    expect(queueLevel(queue('2026-03-01T11:00:00Z'), AT)).toBe('bad');
    expect(queueLevel(queue('2026-03-01T12:30:00Z'), AT)).toBe('good');
    expect(queueLevel(queue(null), AT)).toBe('good');
  });

  it('says when the store takes nothing from a node, or uploads fail, however short that is', () => {
    expect(queueLevel(queue(AT, { away_since: AT, reason: 'full' }), AT)).toBe('bad');
    expect(queueLevel(queue(AT, { failing: 1, reason: 'wrong-bytes' }), AT)).toBe('attention');
    expect(uploadReason(queue(AT, { reason: 'full' }))).toBe('full');
    expect(uploadReason(queue(AT, { reason: 'something new' }))).toBe('failed');
    const others = [queue(null, { instances: 0 }), queue(null, { here: false, instances: 0 }), queue(AT, { here: false, node: 'b' })];
    expect(shownQueues({ ...WELL, queue: others }).map((one) => one.node)).toEqual(['a', 'b']);
  });

  it('counts the processes that should be there', () => {
    expect(processLevel({ kind: 'dicom', wanted: 2, ready: 1, since: null })).toBe('attention');
    expect(processLevel({ kind: 'dicom', wanted: 2, ready: 0, since: null })).toBe('bad');
    expect(processLevel({ kind: 'worker', wanted: 0, ready: 0, since: null })).toBe('unknown');
    expect(processLevel({ kind: 'worker', wanted: 0, ready: 1, since: null })).toBe('good');
  });

  it('says what does not answer, what is refused and what is open', () => {
    const ill: Status = {
      ...WELL, queue: [queue('2026-03-01T11:54:00Z')], quarantine: 2,
      object_store: { ...WELL.object_store, reachable: false }, receiving: { ...WELL.receiving, refused: 'disk' },
    };
    expect(reachLevel(ill.object_store)).toBe('bad');
    expect(reachLevel({ reachable: null, since: null })).toBe('unknown');
    expect(receivingLevel(ill)).toBe('bad');
    expect(openLevel(0)).toBe('good');
    expect(tally(ill)).toEqual({ bad: 2, attention: 2 });
  });

  it('gives the rate of arrival over the time that was counted', () => {
    expect(rateOf(WELL)).toBeNull();
    const busy = { ...WELL, receiving: { ...WELL.receiving, instances: 500, bytes: 5 * GB } };
    expect(rateOf(busy)).toEqual({ images: 100, bytes: GB });
    const flood = { ...busy, receiving: { ...busy.receiving, since: '2026-03-01T11:59:30Z' } };
    expect(rateOf(flood)).toEqual({ images: 1000, bytes: 10 * GB });
  });
});
