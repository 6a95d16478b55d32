import { describe, expect, it } from 'vitest';

import type { Study } from '../api';
import { around, neighboursOf } from './reading_list';

const rows = (uids: string): readonly (Study | null)[] => uids.split('').map((uid) => (uid === '.' ? null : ({ study_instance_uid: uid }) as Study));

describe('the list that a study was opened from', () => {
  it('reaches as far as the rows are loaded', () => {
    expect(around(rows('ab.cdef.g'), 'd')).toEqual(['c', 'd', 'e', 'f']);
    expect(around(rows('abc'), 'z')).toEqual(['z']);
    const many = Array.from({ length: 1000 }, (_, at) => ({ study_instance_uid: String(at) }) as Study);
    expect(around(many, '500')).toHaveLength(401);
    expect(around(many, '500')[0]).toBe('300');
  });

  it('knows the neighbours of a study', () => {
    const list = { uids: ['a', 'b', 'c'], query: '' };
    expect(neighboursOf(list, 'b')).toEqual({ position: 2, count: 3, previous: 'a', next: 'c' });
    expect(neighboursOf(list, 'c').next).toBeNull();
    expect(neighboursOf(list, 'z')).toEqual({ position: 0, count: 3, previous: null, next: null });
  });
});
