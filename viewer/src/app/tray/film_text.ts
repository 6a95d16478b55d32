/** How a film and its study are put into words. */
import { formatDate, formatTime, parseDate } from '../../i18n/dates';
import { personName } from '../../i18n/person_name';
import { ApiError } from '../api';
import { sexText } from '../studies/study_text';
import type { Basis, Candidate, Doubt, Film, FilmDetail } from './api';
import { tt } from './texts';

/** Why it waits, or what became of it. */
export function reasonText(film: Film): string {
  if (film.state === 'tray' && film.reason !== '') return tt(`tray.reason.${film.reason as Doubt}`);
  if (film.state === 'discarded') return tt('tray.discarded_by', { name: film.filed_by, note: film.note });
  const state = tt(`tray.state.${film.state}`);
  if (film.state !== 'filed' || film.reason === '') return state;
  const basis = film.reason as Basis;
  return `${state}, ${basis === 'hand' ? tt('tray.basis.hand', { name: film.filed_by }) : tt(`tray.basis.${basis}`)}`;
}

/** `STANDARD\2,3` as `2 × 3`; others as they are. */
export function layoutText(film: Film): string {
  const standard = /^STANDARD\\(\d+),(\d+)$/.exec(film.display_format.trim().toUpperCase());
  const layout = standard ? `${standard[1] ?? ''} × ${standard[2] ?? ''}` : film.display_format.replace('\\', ' ');
  return [layout, film.size_id].filter(Boolean).join(' · ');
}

export function nameOf(study: Candidate): string {
  return personName(study.patient_name) || study.patient_id;
}

/** Patient ID, year of birth and sex. */
export function patientLine(study: Candidate): string {
  const year = parseDate(study.patient_birth_date)?.year;
  return [study.patient_id, year === undefined ? '' : String(year), sexText(study.patient_sex)].filter(Boolean).join(' · ');
}

/** What was done when. */
export function studyLine(study: Candidate): string {
  const when = [formatDate(study.study_date), formatTime(study.study_time)].filter(Boolean).join(' ');
  return [study.modalities.join(', '), study.study_description, when, study.accession_number].filter(Boolean).join(' · ');
}

export function proposalText({ proposal }: FilmDetail): string {
  const { patient_name: name, patient_id: id, patient_birth_date: born, accession_number: accession } = proposal;
  return [personName(name), id, born === '' ? '' : formatDate(born), accession].filter(Boolean).join(' · ');
}

/** What the server answered, in words for a person. */
export function failureText(reason: unknown): string {
  if (!(reason instanceof ApiError) || reason.status === 0) return tt('tray.act_unreachable');
  return tt('tray.act_failed', { reason: reason.detail ?? String(reason.status) });
}
