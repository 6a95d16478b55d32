import { describe, expect, it } from 'vitest';

import { NO_FILTER } from './filter';
import { filterOf, isTaken, MOST_SAVED, readSaved, renamed, shownSaved, withoutSaved, withSaved } from './saved_filter';

const NIGHT = { ...NO_FILTER, text: 'đức', chips: ['CT'], range: 'today', state: 'unopened' } as const;

describe('saved filters', () => {
  it('come back as they were saved, and are known when they are shown', () => {
    const saved = withSaved({ filters: [] }, ' Sọ não trực đêm ', NIGHT);
    const kept = readSaved(JSON.parse(JSON.stringify(saved)));
    expect(kept.filters.map((one) => one.name)).toEqual(['Sọ não trực đêm']);
    expect(kept.filters.map(filterOf)).toEqual([NIGHT]);
    expect(shownSaved(kept, NIGHT)?.name).toBe('Sọ não trực đêm');
    expect(shownSaved(kept, NO_FILTER)).toBeNull();
  });

  it('have one name each', () => {
    const one = withSaved({ filters: [] }, 'Đêm', NIGHT);
    expect(isTaken(one, 'ĐÊM')).toBe(true);
    const replaced = withSaved(one, 'đêm', NO_FILTER);
    expect(replaced.filters.map(filterOf)).toEqual([NO_FILTER]);
    const two = withSaved(one, 'Ngày', NO_FILTER);
    const [first] = two.filters;
    if (!first) throw new Error('one was saved');
    expect(renamed(two, first, 'ngày')).toBe(two);
    expect(renamed(two, first, 'Trực').filters.map(({ name }) => name)).toEqual(['Trực', 'Ngày']);
    expect(withoutSaved(two, first).filters.map(({ name }) => name)).toEqual(['Ngày']);
  });

  it('are read with care', () => {
    const odd = { filters: [7, null, { name: '', query: '' }, { name: 'x' }, { name: 'Good', query: 'date=today' }] };
    expect(readSaved(odd).filters).toEqual([{ name: 'Good', query: 'date=today' }]);
    expect(readSaved({}).filters).toEqual([]);
    expect(readSaved({ filters: Array.from({ length: 99 }, (_, at) => ({ name: `n${at}`, query: '' })) }).filters).toHaveLength(MOST_SAVED);
  });
});
