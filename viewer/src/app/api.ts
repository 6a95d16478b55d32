/** The JSON API of the archive's own pages: sessions, the study list and the thin manifest of a study. */

export interface Facility {
  readonly code: string;
  readonly name: string;
}

export interface Session {
  readonly account: string;
  readonly display_name: string;
  readonly roles: readonly string[];
  readonly facilities: readonly Facility[] | null;
  readonly expires_at: string;
}

export interface Study {
  readonly study_instance_uid: string;
  readonly patient_name: string;
  readonly patient_id: string;
  readonly issuer_of_patient_id: string;
  readonly patient_birth_date: string;
  readonly patient_sex: string;
  readonly study_date: string;
  readonly study_time: string;
  readonly accession_number: string;
  readonly study_description: string;
  readonly referring_physician_name: string;
  readonly modalities: readonly string[];
  readonly number_of_series: number;
  readonly number_of_instances: number;
  readonly facility: Facility | null;
  readonly received_at: string;
  readonly updated_at: string;
  readonly arriving: boolean;
}

export interface ManifestInstance {
  readonly sop_instance_uid: string;
  readonly sop_class_uid: string;
  readonly instance_number: number | null;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly number_of_frames: number;
  readonly transfer_syntax_uid: string;
  readonly image: boolean;
}

export interface ManifestSeries {
  readonly series_instance_uid: string;
  readonly modality: string;
  readonly series_number: number | null;
  readonly series_description: string;
  readonly body_part: string;
  readonly laterality: string;
  readonly number_of_instances: number;
  readonly representative: { readonly sop_instance_uid: string; readonly frame: number } | null;
  readonly instances: readonly ManifestInstance[];
}

export interface Manifest {
  readonly study: Study;
  readonly series: readonly ManifestSeries[];
}

export interface StudyPage {
  readonly total: number;
  /** If not, there are at least so many. */
  readonly total_is_exact: boolean;
  readonly studies: readonly Study[];
  /** UIDs of those that this person has opened before. */
  readonly opened: readonly string[];
}

/** What contradicts that a study with the same patient ID is of the same person. */
export type Doubt = 'name' | 'birth_date' | 'sex';

export interface History {
  readonly studies: readonly { readonly study: Study; readonly doubts: readonly Doubt[] }[];
  /** There are others that are not in it. */
  readonly more: boolean;
}

export interface ReceiptStep {
  readonly instances: number;
  readonly bytes: number;
  readonly first_at: string | null;
  readonly last_at: string | null;
}

export interface ReceiptSteps {
  readonly received: ReceiptStep;
  readonly durable: ReceiptStep;
  readonly stored: ReceiptStep;
  readonly committed: ReceiptStep;
}

export interface Receipt extends ReceiptSteps {
  readonly study_instance_uid: string;
  /** An empty AE title: over the web, or from files. */
  readonly sources: readonly { readonly ae_title: string; readonly instances: number; readonly last_at: string }[];
  readonly series: readonly (ReceiptSteps & { readonly series_instance_uid: string })[];
}

export interface About {
  readonly ae_title: string;
  readonly dicom_port: number;
  readonly version: string;
}

export type StudyState = '' | 'arriving' | 'unopened' | 'opened';
export type StudyOrder = 'received' | 'patient' | 'date';

export interface StudyQuestion {
  readonly text: string;
  readonly modalities: readonly string[];
  /** `YYYYMMDD`, or empty for no bound. */
  readonly dateFrom: string;
  readonly dateTo: string;
  /** Codes; none: every facility. */
  readonly facilities: readonly string[];
  readonly state: StudyState;
}

export interface OrderOfStudies {
  readonly order: StudyOrder;
  readonly descending: boolean;
}

/** An answer that is no success: an RFC 9457 problem, or no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** Seconds of `Retry-After`. */
    readonly retryAfter: number | null = null,
    /** The id that is also in the server's log. */
    readonly problemId: string | null = null,
    /** What the server says in plain English. */
    readonly detail: string | null = null,
  ) {
    super(`HTTP ${String(status)}`);
    this.name = 'ApiError';
  }
}

/** The id and the detail of a problem. */
async function problemOf(response: Response): Promise<readonly [string | null, string | null]> {
  try {
    const problem: unknown = await response.json();
    if (typeof problem !== 'object' || problem === null) return [null, null];
    const id: unknown = 'id' in problem ? problem.id : 'instance' in problem ? problem.instance : null;
    const detail: unknown = 'detail' in problem ? problem.detail : null;
    return [typeof id === 'string' ? id : null, typeof detail === 'string' ? detail : null];
  } catch {
    return [null, null];
  }
}

export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init });
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
    throw new ApiError(0);
  }
  if (response.ok) return response;
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  throw new ApiError(response.status, Number.isNaN(retryAfter) ? null : retryAfter, ...(await problemOf(response)));
}

/** The server and the viewer are one release, so its documents are taken at their word once they are JSON. */
export async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await request(url, init);
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status);
  }
}

export function readSession(): Promise<Session> {
  return json<Session>('/api/session');
}

export function createSession(account: string, password: string): Promise<Session> {
  return json<Session>('/api/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ account, password }),
  });
}

export async function deleteSession(): Promise<void> {
  await request('/api/session', { method: 'DELETE' });
}

export function readAbout(): Promise<About> {
  return json<About>('/api/about');
}

/** @param headers told with the question, such as why it is asked */
export function readManifest(studyInstanceUid: string, signal?: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<Manifest> {
  return json<Manifest>(`/api/studies/${encodeURIComponent(studyInstanceUid)}/manifest`, { headers, ...(signal ? { signal } : {}) });
}

export function readReceipt(studyInstanceUid: string, signal?: AbortSignal): Promise<Receipt> {
  return json<Receipt>(`/api/studies/${encodeURIComponent(studyInstanceUid)}/receipt`, signal ? { signal } : {});
}

function queryOf(question: StudyQuestion): URLSearchParams {
  const query = new URLSearchParams();
  const given = {
    q: question.text.trim(), modality: question.modalities.join(','), date_from: question.dateFrom, date_to: question.dateTo,
    facility: question.facilities.join(','), state: question.state,
  };
  for (const [name, value] of Object.entries(given)) if (value !== '') query.set(name, value);
  return query;
}

export function listStudies(
  question: StudyQuestion, { order, descending }: OrderOfStudies, limit: number, offset: number, signal?: AbortSignal,
): Promise<StudyPage> {
  const query = queryOf(question);
  query.set('limit', String(limit));
  query.set('offset', String(offset));
  if (order !== 'received') query.set('order', order);
  if (!descending) query.set('direction', 'ascending');
  return json<StudyPage>(`/api/studies?${query.toString()}`, signal ? { signal } : {});
}

/** How many studies match: exactly, up to a number that no list is scrolled to. */
export async function countStudies(question: StudyQuestion, signal?: AbortSignal): Promise<number> {
  const found = await json<{ readonly total: number }>(`/api/studies/count?${queryOf(question).toString()}`, signal ? { signal } : {});
  return found.total;
}

/** The facilities whose studies this person can find. */
export async function listFacilities(signal?: AbortSignal): Promise<readonly Facility[]> {
  const found = await json<{ readonly facilities: readonly Facility[] }>('/api/facilities', signal ? { signal } : {});
  return found.facilities;
}

/** The other studies of the patient of a study, the latest first. */
export function readHistory(studyInstanceUid: string, signal?: AbortSignal): Promise<History> {
  return json<History>(`/api/studies/${encodeURIComponent(studyInstanceUid)}/history`, signal ? { signal } : {});
}

/** Note that this person has opened a study. */
export async function noteOpened(studyInstanceUid: string): Promise<void> {
  await request(`/api/studies/${encodeURIComponent(studyInstanceUid)}/opened`, { method: 'PUT' });
}

export function seriesThumbnail(studyInstanceUid: string, seriesInstanceUid: string, side: number): string {
  const size = String(side);
  return `/dicom-web/studies/${studyInstanceUid}/series/${seriesInstanceUid}/thumbnail?viewport=${size},${size}`;
}
