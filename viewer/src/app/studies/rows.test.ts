import { describe, expect, it } from 'vitest';

import type { Study } from '../api';
import { filled, firstHole, lengthened, mergeFirstPage, type Row } from './rows';

const study = (uid: string, count = 1): Study => ({ study_instance_uid: uid, number_of_instances: count }) as Study;
const rows = (uids: string): readonly Row[] => uids.split('').map((uid) => (uid === '.' ? null : study(uid)));
const studies = (uids: string): readonly Study[] => uids.split('').map((uid) => study(uid));
const uids = (all: readonly Row[]): string => all.map((row) => row?.study_instance_uid ?? '.').join('');

describe('the rows of the study list', () => {
  it('gain new studies in front and keep the order the reader sees', () => {
    const merged = mergeFirstPage(rows('abc.'), [study('n'), study('c', 9), study('a')]);
    expect(uids(merged)).toBe('nabc.');
    expect(merged[3]?.number_of_instances).toBe(9);
  });

  it('are as long as the list, and filled where the reader is', () => {
    const long = lengthened(rows('ab'), 7);
    expect(uids(long)).toBe('ab.....');
    expect(firstHole(long, 0, 7)).toBe(2);
    expect(firstHole(long, 4, 7)).toBe(4);
    expect(firstHole(rows('ab'), 0, 9)).toBe(-1);
    expect(uids(filled(long, 4, 2, studies('ef'), false))).toBe('ab..ef.');
    expect(uids(filled(rows('ab..ef.'), 2, 2, studies('cdef'), false))).toBe('abcdef.');
  });

  it('never show a study twice that moved, and lose the places that nobody has', () => {
    expect(uids(filled(rows('ab..e'), 2, 2, studies('bcd'), false))).toBe('abcde');
    expect(uids(filled(rows('ab..e'), 2, 2, studies('be'), false))).toBe('abe');
    expect(uids(filled(rows('ab....'), 2, 4, studies('cd'), true))).toBe('abcd');
    expect(uids(filled(rows('ab.'), 2, 1, studies('cde'), true))).toBe('abcde');
  });
});
