import { describe, expect, it } from 'vitest';

import { filterFromQuery, furtherFilters, isFiltered, NO_FILTER, queryOfFilter, questionOf, sameFilter } from './filter';

const back = (filter: typeof NO_FILTER): typeof NO_FILTER => filterFromQuery(new URLSearchParams(queryOfFilter(filter)));

describe('the filter of the study list', () => {
  it('comes back from the address as it was', () => {
    const filter = { ...NO_FILTER, text: 'duc nguyen', chips: ['CT', 'XR'], range: 'week', facilities: ['01001', 'BV.X'], state: 'unopened' } as const;
    expect(back(filter)).toEqual(filter);
    for (const days of [{ from: '20260101', to: '20260131' }, { from: '20260101', to: '' }, { from: '', to: '20260131' }]) {
      const between = { ...NO_FILTER, range: 'between', ...days } as const;
      expect(back(between)).toEqual(between);
    }
    expect(filterFromQuery(new URLSearchParams('modality=CT,nonsense&date=never&state=odd&facility=a b,,x'))).toEqual({
      ...NO_FILTER, chips: ['CT'], facilities: ['x'],
    });
    expect(filterFromQuery(new URLSearchParams('date=20261301-20261302'))).toEqual(NO_FILTER);
    expect(isFiltered(NO_FILTER)).toBe(false);
    expect(isFiltered({ ...NO_FILTER, state: 'opened' })).toBe(true);
    expect(furtherFilters({ ...filter, range: 'between' })).toBe(3);
    expect(sameFilter(filter, back(filter))).toBe(true);
    expect(sameFilter(filter, { ...filter, state: '' })).toBe(false);
  });

  it('asks for all modalities behind a chip, and for days counted with today', () => {
    const today = new Date(2026, 2, 1);
    const question = questionOf({ ...NO_FILTER, chips: ['XR'], range: '3_days' }, today);
    expect(question).toEqual({ text: '', modalities: ['CR', 'DX'], dateFrom: '20260227', dateTo: '', facilities: [], state: '' });
    expect(questionOf({ ...NO_FILTER, range: 'today' }, today).dateFrom).toBe('20260301');
    expect(questionOf({ ...NO_FILTER, range: 'yesterday' }, today)).toMatchObject({ dateFrom: '20260228', dateTo: '20260228' });
    const between = { ...NO_FILTER, range: 'between', from: '', to: '20251231' } as const;
    expect(questionOf(between, today)).toMatchObject({ dateFrom: '', dateTo: '20251231' });
  });
});
