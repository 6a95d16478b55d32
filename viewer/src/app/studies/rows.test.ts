import { describe, expect, it } from 'vitest';

import type { Study } from '../api';
import { appendPage, mergeFirstPage } from './rows';

const study = (uid: string, count = 1): Study => ({ study_instance_uid: uid, number_of_instances: count }) as Study;
const uids = (rows: readonly Study[]): string => rows.map((row) => row.study_instance_uid).join('');

describe('the rows of the study list', () => {
  it('gain new studies in front and keep the order the reader sees', () => {
    const rows = mergeFirstPage([study('a'), study('b'), study('c')], [study('n'), study('c', 9), study('a')]);
    expect(uids(rows)).toBe('nabc');
    expect(rows[3]?.number_of_instances).toBe(9);
  });

  it('never show a study twice that moved between two pages', () => {
    expect(uids(appendPage([study('a'), study('b')], [study('b'), study('c')]))).toBe('abc');
  });
});
