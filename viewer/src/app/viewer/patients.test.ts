import { describe, expect, it } from 'vitest';

import { isEarlier, samePatient } from './patients';

const an = { patient_id: '079', issuer_of_patient_id: 'BV1', patient_birth_date: '19700101' };

describe('whose studies are open together', () => {
  it('is one person by ID, issuer and day of birth', () => {
    expect(samePatient(an, { ...an })).toBe(true);
    expect(samePatient(an, { ...an, issuer_of_patient_id: '' })).toBe(true);
    expect(samePatient(an, { ...an, patient_birth_date: '' })).toBe(true);
  });

  it('is two where anything says so, and where there is no ID', () => {
    expect(samePatient(an, { ...an, patient_id: '080' })).toBe(false);
    expect(samePatient(an, { ...an, issuer_of_patient_id: 'BV2' })).toBe(false);
    expect(samePatient(an, { ...an, patient_birth_date: '19710101' })).toBe(false);
    expect(samePatient({ ...an, patient_id: '' }, { ...an, patient_id: '' })).toBe(false);
  });

  it('tells the earlier study by date and time, and nothing without a date', () => {
    const noon = { study_date: '20250101', study_time: '120000' };
    expect(isEarlier({ ...noon, study_time: '0900' }, noon)).toBe(true);
    expect(isEarlier(noon, noon)).toBe(false);
    expect(isEarlier({ ...noon, study_date: '' }, noon)).toBe(false);
  });
});
