/** What the numbers of the status page mean: which are well, which need attention, which are not working. */
import type { Disk, ProcessCount, Queue, Reach, Status } from './api';

export type Level = 'good' | 'unknown' | 'attention' | 'bad';

/** Below so many times the refusal limit a disk is soon too small. */
export const LOW_FACTOR = 5;
export const SLOW_AFTER_S = 300;
export const STUCK_AFTER_S = 1800;

/** Seconds from a moment to the server's own time of the answer: the browser's clock may be wrong. */
export function secondsBefore(at: string, moment: string): number {
  return Math.max(0, (Date.parse(at) - Date.parse(moment)) / 1000);
}

export function reachLevel(reach: Reach): Level {
  return reach.reachable === null ? 'unknown' : reach.reachable ? 'good' : 'bad';
}

export function diskLevel(disk: Disk, limitBytes: number): Level {
  if (!disk.holds.includes('spool')) return disk.free_bytes < disk.total_bytes / 100 ? 'attention' : 'good';
  if (disk.free_bytes < limitBytes) return 'bad';
  return disk.free_bytes < LOW_FACTOR * limitBytes ? 'attention' : 'good';
}

export function queueLevel(queue: Queue, at: string): Level {
  const waits = queue.oldest_at === null ? 0 : secondsBefore(at, queue.oldest_at);
  if (waits >= STUCK_AFTER_S || queue.away_since !== null) return 'bad';
  return waits >= SLOW_AFTER_S || queue.failing > 0 ? 'attention' : 'good';
}

/** The queues that are shown: this node's, and those of others that have something to say. */
export function shownQueues(status: Status): readonly Queue[] {
  return status.queue.filter((queue) => queue.here || queue.instances > 0 || queue.away_since !== null || queue.failing > 0);
}

const REASONS = ['unreachable', 'refused', 'full', 'wrong-bytes', 'damaged', 'missing', 'failed'] as const;
export type UploadReason = (typeof REASONS)[number];

/** Why uploads of a node fail, as one of the words we have a text for. */
export function uploadReason(queue: Queue): UploadReason {
  return REASONS.find((known) => known === queue.reason) ?? 'failed';
}

export function processLevel({ wanted, ready }: ProcessCount): Level {
  if (wanted === 0) return ready > 0 ? 'good' : 'unknown';
  if (ready === 0) return 'bad';
  return ready < wanted ? 'attention' : 'good';
}

export function openLevel(count: number): Level {
  return count > 0 ? 'attention' : 'good';
}

export function receivingLevel(status: Status): Level {
  return status.receiving.refused === null ? 'good' : 'bad';
}

export interface Rate {
  readonly images: number;
  readonly bytes: number;
}

/** Images and bytes a minute over the time that was counted, at least one minute of it; null: none came. */
export function rateOf(status: Status): Rate | null {
  const { instances, bytes, since } = status.receiving;
  if (instances === 0) return null;
  const minutes = Math.max(1 / 60, secondsBefore(status.at, since) / 60);
  return { images: instances / minutes, bytes: bytes / minutes };
}

/** How many parts are bad, and how many need attention. */
export function tally(status: Status): { readonly bad: number; readonly attention: number } {
  const levels = [
    receivingLevel(status),
    ...status.disks.map((disk) => diskLevel(disk, status.receiving.limit_bytes)),
    ...status.queue.map((queue) => queueLevel(queue, status.at)),
    reachLevel(status.object_store),
    reachLevel(status.index),
    ...status.processes.map(processLevel),
    openLevel(status.quarantine),
    openLevel(status.discrepancy),
  ];
  const count = (level: Level): number => levels.filter((one) => one === level).length;
  return { bad: count('bad'), attention: count('attention') };
}
