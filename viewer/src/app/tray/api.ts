/** The JSON API of the film tray. */
import { type Facility, json, request } from '../api';

export type FilmState = 'new' | 'tray' | 'filing' | 'filed' | 'discarded';
export type Doubt = 'nothing-known' | 'likeness' | 'several' | 'contradiction' | 'no-study' | 'gone' | 'failed';
export type Basis = 'study' | 'accession' | 'patient' | 'performed' | 'name' | 'hand';

export interface Film {
  readonly id: number;
  readonly state: FilmState;
  /** Why it waits, or how it was known whose it is; empty: it has just been printed. */
  readonly reason: Doubt | Basis | '';
  readonly ae_title: string;
  readonly address: string;
  readonly printed_at: string;
  readonly display_format: string;
  readonly size_id: string;
  readonly number_of_images: number;
  readonly bytes: number;
  readonly texts: readonly string[];
  readonly study_instance_uid: string;
  readonly settled_at: string | null;
  /** Empty: nobody, it was certain. */
  readonly filed_by: string;
  readonly note: string;
  readonly facility: Facility;
}

export interface Candidate {
  readonly study_instance_uid: string;
  readonly patient_name: string;
  readonly patient_id: string;
  readonly patient_birth_date: string;
  readonly patient_sex: string;
  readonly study_date: string;
  readonly study_time: string;
  readonly accession_number: string;
  readonly study_description: string;
  readonly modalities: readonly string[];
  readonly is_named?: boolean;
}

export interface FilmDetail extends Film {
  readonly proposal: {
    readonly patient_name: string;
    readonly patient_id: string;
    readonly patient_birth_date: string;
    readonly accession_number: string;
  };
  readonly candidates: readonly Candidate[];
}

export interface NewStudy {
  readonly patient_name: string;
  readonly patient_id: string;
  readonly patient_birth_date: string;
  readonly patient_sex: string;
  readonly accession_number: string;
  readonly study_description: string;
}

export interface FilmPage {
  readonly total: number;
  readonly films: readonly Film[];
}

export function listFilms(state: 'open' | 'settled', limit: number, offset: number, signal: AbortSignal): Promise<FilmPage> {
  return json<FilmPage>(`/api/tray?${new URLSearchParams({ state, limit: String(limit), offset: String(offset) }).toString()}`, { signal });
}

export function readFilm(id: number, signal: AbortSignal): Promise<FilmDetail> {
  return json<FilmDetail>(`/api/tray/${String(id)}`, { signal });
}

export function filmPicture(id: number, side: number): string {
  return `/api/tray/${String(id)}/picture?side=${String(side)}`;
}

export function fileFilm(id: number, study: { readonly study_instance_uid: string } | NewStudy): Promise<{ readonly study_instance_uid: string }> {
  return json(`/api/tray/${String(id)}/file`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(study),
  });
}

export async function discardFilm(id: number, reason: string): Promise<void> {
  await request(`/api/tray/${String(id)}`, {
    method: 'DELETE', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ reason }),
  });
}
