import { describe, expect, it } from 'vitest';

import { chooseLocale } from '../../i18n/locale';
import type { Discrepancy, StudyReference } from './api';
import { attributeText, disagreements, valueText } from './disagreement';
import { keywordText, tagPath } from './quarantine_text';

const study = (uid: string): StudyReference => ({
  study_instance_uid: uid, patient_name: 'A^B', patient_id: '1', issuer_of_patient_id: '', patient_birth_date: '', study_date: '',
  study_description: '', modalities: [], facility: { code: 'X', name: '' },
});

function row(id: number, values: Partial<Discrepancy>): Discrepancy {
  return {
    id, kind: 'study', state: 'open', attribute: 'patient_name', kept: 'A', arrived: 'B', number_of_instances: 1,
    first_seen_at: '', last_seen_at: '', study: study('1.1'), series: null, other_study: null, dismissed_at: null, dismissed_by: '',
    note: '', ...values,
  };
}

describe('discrepancies', () => {
  it('about the same two studies are one question', () => {
    const rows = [
      row(1, { kind: 'patient', other_study: study('1.2') }),
      row(2, { kind: 'study' }),
      row(3, { kind: 'patient', other_study: study('1.3') }),
      row(4, { kind: 'patient', other_study: study('1.2'), attribute: 'patient_birth_date' }),
    ];
    expect(disagreements(rows, 'patient').map((group) => group.all.map(({ id }) => id))).toEqual([[1, 4], [3]]);
    expect(disagreements(rows, 'study').map((group) => group.first.id)).toEqual([2]);
    expect(disagreements(rows, 'series')).toEqual([]);
  });

  it('about two series of a study are two', () => {
    const series = (uid: string) => ({ series_instance_uid: uid, modality: 'CT', series_number: 1, series_description: '' });
    const rows = [row(1, { kind: 'series', series: series('1') }), row(2, { kind: 'series', series: series('2') })];
    expect(disagreements(rows, 'series')).toHaveLength(2);
  });

  it('are put into words, values as they were sent', () => {
    chooseLocale('vi');
    expect(attributeText('patient_birth_date')).toBe('Ngày sinh');
    expect(attributeText('performed_procedure_step_start_date')).toBe('performed procedure step start date');
    expect(attributeText('')).toBe('Các khác biệt khác');
    expect(valueText('patient_birth_date', '19800102')).toBe('02/01/1980');
    expect(valueText('patient_name', 'NGUYEN^VAN')).toBe('NGUYEN^VAN');
    expect(valueText('patient_name', '')).toBe('(trống)');
  });
});

describe('an attribute of a quarantined file', () => {
  it('is named as the standard writes it', () => {
    const named = (keyword: string) => keywordText({ path: '', keyword, vr: '', kept: null, quarantined: null });
    expect(named('PatientBirthDate')).toBe('Patient Birth Date');
    expect(named('SOPInstanceUID')).toBe('SOP Instance UID');
    expect(tagPath('00081115/1/0020000E')).toBe('(0008,1115) › 1 › (0020,000E)');
  });
});
