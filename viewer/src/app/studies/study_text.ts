/** How a study is put into words, in the list as in the viewer. */
import { formatAge, formatDate, formatTime, parseDate } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import type { Study } from '../api';

export function patientName(study: Study): string {
  return personName(study.patient_name) || t('studies.no_name');
}

export function sexText(stored: string): string {
  return stored === 'M' || stored === 'F' || stored === 'O' ? t(`sex.${stored}`) : stored;
}

/** Sex, age on the day of the study (or year of birth when that day is unknown). */
export function sexAndAge(study: Study): string {
  const age = formatAge(study.patient_birth_date, study.study_date);
  const birthYear = parseDate(study.patient_birth_date)?.year;
  return [sexText(study.patient_sex), age || (birthYear === undefined ? '' : String(birthYear))].filter(Boolean).join(', ');
}

export function studyDescription(study: Study): string {
  return study.study_description || t('studies.no_description');
}

export function studyMoment(study: Study): string {
  return [formatDate(study.study_date), formatTime(study.study_time)].filter(Boolean).join(' ');
}
