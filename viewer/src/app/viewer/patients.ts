/** Whose studies are open together: one person's, or by mistake two persons'. */
import type { Study } from '../api';

type Identity = Pick<Study, 'patient_id' | 'issuer_of_patient_id' | 'patient_birth_date'>;

const agree = (one: string, other: string): boolean => one === other || one === '' || other === '';

/** One person for certain: the same ID from the same issuer, and no other day of birth. Without an ID nobody is known. */
export function samePatient(one: Identity, other: Identity): boolean {
  return one.patient_id !== '' && one.patient_id === other.patient_id
    && agree(one.issuer_of_patient_id, other.issuer_of_patient_id)
    && agree(one.patient_birth_date, other.patient_birth_date);
}

const moment = ({ study_date: date, study_time: time }: Pick<Study, 'study_date' | 'study_time'>): string => date + time;

/** True when `one` was made before `other`; false also where one has no date. */
export function isEarlier(one: Pick<Study, 'study_date' | 'study_time'>, other: Pick<Study, 'study_date' | 'study_time'>): boolean {
  return one.study_date !== '' && other.study_date !== '' && moment(one) < moment(other);
}
