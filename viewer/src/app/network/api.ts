/** The JSON API of the DICOM network: machines, associations, and what went wrong. */
import { type Facility, json, request } from '../api';

export type Right = 'may_store' | 'may_query' | 'may_retrieve' | 'may_worklist' | 'may_mpps' | 'may_commit' | 'may_print' | 'may_forward';
export const RIGHTS: readonly Right[] = [
  'may_store', 'may_query', 'may_retrieve', 'may_worklist', 'may_mpps', 'may_commit', 'may_print', 'may_forward',
];
export type WorklistCharset = 'utf-8' | 'ascii';

export interface Machine extends Readonly<Record<Right, boolean>> {
  readonly ae_title: string;
  readonly host: string;
  readonly port: number;
  readonly facility_code: string;
  readonly description: string;
  readonly calls_from: string;
  readonly notify_availability: boolean;
  readonly worklist_charset: WorklistCharset;
  readonly sop_classes: string;
  readonly require_tls: boolean;
  readonly call_with_tls: boolean;
  readonly certificate_sha256: string;
  readonly require_user: boolean;
  readonly maximum_associations: number;
  readonly associations_per_minute: number;
}

export interface Machines {
  readonly own_ae_title: string;
  readonly machines: readonly Machine[];
  readonly facilities: readonly Facility[];
}

export type TestKind = 'echo' | 'find' | 'store';

export interface TestResult {
  /** `well`, or a word for what went wrong. */
  readonly outcome: string;
  readonly seconds: number;
  /** The same in an English sentence. */
  readonly message: string;
}

export interface DicomProcess {
  readonly id: number;
  readonly node: string;
  readonly host: string;
  readonly ae_title: string;
  readonly port: number;
  readonly tls_port: number;
  readonly maximum_associations: number;
  readonly here: boolean;
}

export interface LiveAssociation {
  readonly association: string;
  readonly calling_ae_title: string;
  readonly address: string;
  readonly facility_code: string;
  readonly user_name: string;
  /** E.g. `TLSv1.3`; empty: in the clear. */
  readonly tls: string;
  readonly service: string;
  readonly requests: number;
  readonly refused: number;
  readonly began_at: string;
  readonly host: string;
  readonly port: number;
}

export interface Network {
  readonly processes: readonly DicomProcess[];
  readonly associations: readonly LiveAssociation[];
}

export interface Finding {
  readonly id: number;
  readonly cause: string;
  readonly calling_ae_title: string;
  readonly called_ae_title: string;
  readonly address: string;
  readonly subject: string;
  readonly class_name: string;
  readonly syntaxes: readonly string[];
  readonly detail: Readonly<Record<string, string | number>>;
  readonly times: number;
  readonly first_at: string;
  readonly last_at: string;
}

export interface Findings {
  readonly own_ae_title: string;
  readonly findings: readonly Finding[];
}

export interface DeliveryStates {
  readonly states: Readonly<Record<string, number>>;
}

function body(method: 'POST' | 'PUT', value: unknown): RequestInit {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

export function readMachines(signal?: AbortSignal): Promise<Machines> {
  return json<Machines>('/api/machines', signal ? { signal } : {});
}

export async function saveMachine(machine: Machine, isNew: boolean): Promise<void> {
  await request('/api/machines', body(isNew ? 'POST' : 'PUT', machine));
}

export async function removeMachine(aeTitle: string): Promise<void> {
  await request(`/api/machines?${new URLSearchParams({ ae_title: aeTitle }).toString()}`, { method: 'DELETE' });
}

export function testMachine(aeTitle: string, kind: TestKind): Promise<TestResult> {
  return json<TestResult>('/api/machines/test', body('POST', { ae_title: aeTitle, kind }));
}

export function readNetwork(signal: AbortSignal): Promise<Network> {
  return json<Network>('/api/network', { signal });
}

export function readFindings(signal: AbortSignal): Promise<Findings> {
  return json<Findings>('/api/network/findings', { signal });
}

export async function dismissFinding(id: number): Promise<void> {
  await request(`/api/network/findings/${String(id)}`, { method: 'DELETE' });
}

export function readDeliveryStates(signal: AbortSignal): Promise<DeliveryStates> {
  return json<DeliveryStates>('/api/deliveries?limit=1', { signal });
}
