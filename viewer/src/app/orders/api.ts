/** The orders of the JSON API. */
import { type Facility, json } from '../api';

export const STATES = ['scheduled', 'in-progress', 'completed', 'discontinued', 'cancelled'] as const;
export type OrderState = (typeof STATES)[number];

export interface Code {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/** What of a step is given; texts are as DICOM writes them, empty where nothing is said. */
export interface StepFields {
  readonly modality: string;
  readonly scheduled_station_ae_titles: readonly string[];
  readonly scheduled_procedure_step_start_date: string;
  readonly scheduled_procedure_step_start_time: string;
  readonly scheduled_performing_physician_name: string;
  readonly scheduled_procedure_step_description: string;
  readonly scheduled_protocol_code: Code | null;
  readonly scheduled_procedure_step_id: string;
  readonly scheduled_station_name: string;
  readonly scheduled_procedure_step_location: string;
  readonly pre_medication: string;
  readonly comments_on_the_scheduled_procedure_step: string;
  readonly requested_contrast_agent: string;
}

export interface OrderFields {
  readonly patient_name: string;
  readonly patient_id: string;
  readonly issuer_of_patient_id: string;
  readonly patient_birth_date: string;
  readonly patient_sex: string;
  readonly patient_weight: string;
  readonly medical_alerts: string;
  readonly allergies: string;
  readonly pregnancy_status: string;
  readonly special_needs: string;
  readonly admission_id: string;
  readonly current_patient_location: string;
  readonly accession_number: string;
  readonly referring_physician_name: string;
  readonly requesting_physician: string;
  readonly requesting_service: string;
  readonly study_instance_uid: string;
  readonly requested_procedure_id: string;
  readonly requested_procedure_description: string;
  readonly requested_procedure_code: Code | null;
  readonly requested_procedure_priority: string;
  readonly reason_for_the_requested_procedure: string;
  readonly requested_procedure_comments: string;
}

export interface Step extends StepFields {
  readonly state: OrderState;
}

export interface OrderStudy {
  readonly study_instance_uid: string;
  readonly found_by: string;
  readonly found_at: string;
  readonly number_of_instances: number;
  readonly patient_name: string;
}

export interface Performed {
  readonly sop_instance_uid: string;
  readonly state: string;
  readonly ae_title: string;
  readonly start_date: string;
  readonly start_time: string;
  readonly end_date: string;
  readonly end_time: string;
  readonly number_of_series: number;
  readonly number_of_images: number;
}

export interface Order extends OrderFields {
  readonly id: number;
  readonly version: number;
  readonly state: OrderState;
  readonly facility: Facility;
  readonly steps: readonly Step[];
  readonly studies: readonly OrderStudy[];
  readonly performed: readonly Performed[];
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string;
  readonly final_at: string | null;
}

export interface OrderPage {
  readonly total: number;
  readonly counts: Readonly<Partial<Record<OrderState, number>>>;
  readonly orders: readonly Order[];
}

export interface Choices {
  readonly stations: readonly { readonly ae_title: string; readonly description: string }[];
  readonly priorities: readonly string[];
}

export type OrderBody = OrderFields & { readonly steps: readonly StepFields[] };

export function listOrders(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<OrderPage> {
  return json<OrderPage>(`/api/orders?${new URLSearchParams(query).toString()}`, { signal });
}

export function readChoices(): Promise<Choices> {
  return json<Choices>('/api/orders/choices');
}

function send<T>(method: string, address: string, body: unknown): Promise<T> {
  return json<T>(address, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

export function createOrder(body: OrderBody): Promise<Order> {
  return send<Order>('POST', '/api/orders', body);
}

export function changeOrder(id: number, version: number, body: OrderBody): Promise<Order> {
  return send<Order>('PUT', `/api/orders/${String(id)}`, { ...body, version });
}

export function changeOrderState(id: number, state: OrderState): Promise<Order> {
  return send<Order>('POST', `/api/orders/${String(id)}/state`, { state });
}
