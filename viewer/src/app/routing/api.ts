/** The JSON API of forwarding rules and of what is owed to other machines. */
import { json, request } from '../api';

export interface Rule {
  readonly name: string;
  readonly destinations: readonly string[];
  readonly enabled: boolean;
  /** Ask each destination for storage commitment when it has everything. */
  readonly confirm: boolean;
  readonly source_ae_titles: readonly string[];
  readonly modalities: readonly string[];
  readonly description: string;
  /** `HH:MM-HH:MM`; empty: always. */
  readonly received_hours: string;
  /** Digits, 1 is Monday; empty: every day. */
  readonly received_days: string;
  readonly send_hours: string;
}

export interface Route extends Rule {
  readonly id: number;
  readonly since: string;
  readonly created_by: string;
}

export interface Machine {
  readonly ae_title: string;
  readonly description: string;
  readonly may_forward: boolean;
}

export interface Routes {
  readonly routes: readonly Route[];
  readonly machines: readonly Machine[];
}

export type DeliveryKind = 'store' | 'notify' | 'confirm' | 'report';
export type DeliveryState = 'waiting' | 'done' | 'failed' | 'cancelled';

export interface Delivery {
  readonly id: number;
  readonly kind: DeliveryKind;
  readonly ae_title: string;
  /** Study Instance UID; of a report the Transaction UID. */
  readonly subject: string;
  readonly send_hours: string;
  readonly state: DeliveryState;
  /** Somebody works on it now. */
  readonly is_active: boolean;
  readonly attempts: number;
  readonly next_at: string | null;
  readonly error: string;
  readonly updated_at: string;
  readonly instances: Readonly<Record<'waiting' | 'sent' | 'refused', number>>;
  readonly study: {
    readonly patient_name: string;
    readonly patient_id: string;
    readonly study_description: string;
    readonly study_date: string;
  } | null;
}

export interface DeliveryPage {
  readonly total: number;
  readonly states: Readonly<Record<DeliveryState, number>>;
  readonly deliveries: readonly Delivery[];
}

const JSON_BODY = { 'Content-Type': 'application/json' };

export function listRoutes(signal: AbortSignal): Promise<Routes> {
  return json<Routes>('/api/routes', { signal });
}

export function saveRoute(id: number | null, rule: Rule): Promise<Route> {
  const address = id === null ? '/api/routes' : `/api/routes/${String(id)}`;
  return json<Route>(address, { method: id === null ? 'POST' : 'PUT', headers: JSON_BODY, body: JSON.stringify(rule) });
}

export async function removeRoute(id: number): Promise<void> {
  await request(`/api/routes/${String(id)}`, { method: 'DELETE' });
}

export function listDeliveries(state: DeliveryState | '', limit: number, offset: number, signal: AbortSignal): Promise<DeliveryPage> {
  const query = new URLSearchParams({ limit: String(limit), offset: String(offset) });
  if (state !== '') query.set('state', state);
  return json<DeliveryPage>(`/api/deliveries?${query.toString()}`, { signal });
}

export async function retryDelivery(id: number): Promise<void> {
  await request(`/api/deliveries/${String(id)}/retry`, { method: 'POST' });
}

export async function cancelDelivery(id: number): Promise<void> {
  await request(`/api/deliveries/${String(id)}`, { method: 'DELETE' });
}
