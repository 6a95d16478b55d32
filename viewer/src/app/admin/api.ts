/** The JSON API of the administrators' pages: status, quarantine, discrepancies. */
import { type Facility, json, request } from '../api';

export interface Reach {
  /** null: not known yet. */
  readonly reachable: boolean | null;
  readonly since: string | null;
}

export type DiskPart = 'spool' | 'index' | 'objects' | 'cache';

export interface Disk {
  readonly holds: readonly DiskPart[];
  readonly free_bytes: number;
  readonly total_bytes: number;
}

export interface Queue {
  readonly node: string;
  readonly here: boolean;
  readonly instances: number;
  readonly bytes: number;
  /** null: nothing waits. */
  readonly oldest_at: string | null;
  /** Since when the object store takes nothing from this node; null: it does. */
  readonly away_since: string | null;
  /** Why the last upload failed; empty: it did not. */
  readonly reason: string;
  /** Instances whose upload has failed and is tried again. */
  readonly failing: number;
}

export type ProcessKind = 'dicom' | 'web' | 'worker';

export interface ProcessCount {
  readonly kind: ProcessKind;
  /** 0: nobody says how many there should be. */
  readonly wanted: number;
  readonly ready: number;
  readonly since: string | null;
}

export interface Status {
  /** The server's clock, to which every other time of the answer belongs. */
  readonly at: string;
  readonly version: string;
  readonly node: string;
  readonly processes: readonly ProcessCount[];
  readonly receiving: {
    readonly refused: 'disk' | 'index' | null;
    readonly limit_bytes: number;
    readonly since: string;
    readonly instances: number;
    readonly bytes: number;
    readonly last_received_at: string | null;
  };
  readonly disks: readonly Disk[];
  readonly queue: readonly Queue[];
  readonly object_store: Reach & { readonly kind: 'folder' | 's3' };
  readonly index: Reach & { readonly kind: 'sqlite' | 'postgresql' };
  readonly cache: { readonly files: number; readonly bytes: number } | null;
  readonly quarantine: number;
  readonly discrepancy: number;
}

export type QuarantineKind = 'conflict' | 'damaged';

export interface QuarantineEntry {
  readonly id: number;
  readonly kind: QuarantineKind;
  readonly state: 'open' | 'discarded' | 'stored';
  readonly reason: string;
  readonly received_at: string;
  readonly last_received_at: string | null;
  readonly times_received: number;
  readonly node: string;
  readonly host: string;
  /** false: the file is on another node. */
  readonly here: boolean;
  readonly source: { readonly kind: string; readonly ae_title: string; readonly address: string };
  readonly facility: Facility | null;
  readonly sop_instance_uid: string;
  readonly study_instance_uid: string;
  readonly patient_name: string;
  readonly patient_id: string;
  readonly size: number;
  readonly resolved_at: string | null;
  readonly resolved_by: string;
  readonly note: string;
}

export interface Difference {
  readonly path: string;
  readonly keyword: string;
  readonly vr: string;
  /** null: absent. */
  readonly kept: string | null;
  readonly quarantined: string | null;
}

export interface Comparison {
  readonly kept: {
    readonly study_instance_uid: string;
    readonly patient_name: string;
    readonly patient_id: string;
    readonly received_at: string;
    readonly source_ae_title: string;
    readonly size: number;
  };
  readonly differences: readonly Difference[];
  readonly truncated: boolean;
  readonly pixel_data: 'same' | 'different' | 'unknown';
}

export interface QuarantineDetail extends QuarantineEntry {
  readonly comparison: Comparison | null;
  readonly comparison_note: string;
}

export interface QuarantinePage {
  readonly total: number;
  readonly bytes: number;
  readonly maximum_bytes: number;
  readonly quarantine: readonly QuarantineEntry[];
}

export interface StudyReference {
  readonly study_instance_uid: string;
  readonly patient_name: string;
  readonly patient_id: string;
  readonly issuer_of_patient_id: string;
  readonly patient_birth_date: string;
  readonly study_date: string;
  readonly study_description: string;
  readonly modalities: readonly string[];
  readonly facility: Facility;
}

export type DiscrepancyKind = 'patient' | 'study' | 'series';
export type DiscrepancyState = 'open' | 'dismissed';

export interface Discrepancy {
  readonly id: number;
  readonly kind: DiscrepancyKind;
  readonly state: DiscrepancyState;
  /** Empty: further differences, beyond the most that are kept of a study. */
  readonly attribute: string;
  readonly kept: string;
  readonly arrived: string;
  readonly number_of_instances: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly study: StudyReference;
  readonly series: {
    readonly series_instance_uid: string;
    readonly modality: string;
    readonly series_number: number | null;
    readonly series_description: string;
  } | null;
  readonly other_study: StudyReference | null;
  readonly dismissed_at: string | null;
  readonly dismissed_by: string;
  readonly note: string;
}

export interface DiscrepancyPage {
  readonly total: number;
  readonly discrepancies: readonly Discrepancy[];
}

export function readStatus(signal?: AbortSignal): Promise<Status> {
  return json<Status>('/api/status', signal ? { signal } : {});
}

/** What the server says of itself without a sign-in, when it cannot even look up who asks: the checks that fail. */
export async function failingChecks(): Promise<readonly string[]> {
  try {
    const response = await fetch('/ready');
    const { checks } = (await response.json()) as { readonly checks: Readonly<Record<string, string>> };
    return Object.entries(checks).filter(([, outcome]) => outcome !== 'ok').map(([name]) => name);
  } catch {
    return [];
  }
}

export function listQuarantine(kind: QuarantineKind | '', limit: number, offset: number, signal: AbortSignal): Promise<QuarantinePage> {
  const query = new URLSearchParams({ limit: String(limit), offset: String(offset) });
  if (kind !== '') query.set('kind', kind);
  return json<QuarantinePage>(`/api/quarantine?${query.toString()}`, { signal });
}

export function readQuarantined(id: number, signal: AbortSignal): Promise<QuarantineDetail> {
  return json<QuarantineDetail>(`/api/quarantine/${String(id)}`, { signal });
}

export function quarantinedFile(id: number): string {
  return `/api/quarantine/${String(id)}/file`;
}

export async function discardQuarantined(id: number, reason: string): Promise<void> {
  await request(`/api/quarantine/${String(id)}`, {
    method: 'DELETE', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ reason }),
  });
}

export function retryQuarantined(id: number): Promise<{ readonly study_instance_uid: string }> {
  return json(`/api/quarantine/${String(id)}/retry`, { method: 'POST' });
}

export function listDiscrepancies(state: DiscrepancyState, limit: number, offset: number, signal: AbortSignal): Promise<DiscrepancyPage> {
  const query = new URLSearchParams({ state, limit: String(limit), offset: String(offset) });
  return json<DiscrepancyPage>(`/api/discrepancies?${query.toString()}`, { signal });
}

export function settleDiscrepancy(id: number, state: DiscrepancyState): Promise<Discrepancy> {
  return json<Discrepancy>(`/api/discrepancies/${String(id)}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ state }),
  });
}
