import { describe, expect, it } from 'vitest';

import type { Study } from '../api';
import type { Row } from './rows';
import { nextSort, ordered, sorted } from './sort';

const study = (name: string, date = '', count = 0): Study =>
  ({ patient_name: name, study_date: date, study_time: '', number_of_instances: count }) as Study;
const namesOf = (rows: readonly Row[]): readonly (string | undefined)[] => rows.map((row) => row?.patient_name);

describe('the order of the study list', () => {
  it('goes through both directions of a column and back to as received', () => {
    const first = nextSort(null, 'date');
    expect(first).toEqual({ column: 'date', descending: true });
    const second = nextSort(first, 'date');
    expect(second).toEqual({ column: 'date', descending: false });
    expect(nextSort(second, 'date')).toBeNull();
    expect(nextSort(second, 'patient')).toEqual({ column: 'patient', descending: false });
  });

  it('sorts names by the Vietnamese alphabet', () => {
    const rows = [study('ĐẶNG^AN'), study('DƯƠNG^AN'), study('ÂU^AN'), study('ANH')];
    expect(namesOf(sorted(rows, { column: 'patient', descending: false }))).toEqual(['ANH', 'ÂU^AN', 'DƯƠNG^AN', 'ĐẶNG^AN']);
  });

  it('sorts by day and by size, and leaves the received order alone', () => {
    const rows = [study('A', '20260301', 5), study('B', '20260305', 1)];
    expect(namesOf(sorted(rows, { column: 'date', descending: true }))).toEqual(['B', 'A']);
    expect(namesOf(sorted(rows, { column: 'images', descending: true }))).toEqual(['A', 'B']);
    expect(sorted(rows, null)).toBe(rows);
    expect(namesOf(sorted([null, ...rows], { column: 'images', descending: false }))).toEqual(['B', 'A']);
    expect(ordered({ column: 'patient', descending: false })).toEqual({ order: 'patient', descending: false });
    expect(ordered({ column: 'images', descending: true })).toBeNull();
  });
});
