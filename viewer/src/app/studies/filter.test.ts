import { describe, expect, it } from 'vitest';

import { filterFromQuery, isFiltered, NO_FILTER, queryOfFilter, questionOf } from './filter';

describe('the filter of the study list', () => {
  it('comes back from the address as it was', () => {
    const filter = { text: 'duc nguyen', chips: ['CT', 'XR'], range: 'week' } as const;
    expect(filterFromQuery(new URLSearchParams(queryOfFilter(filter)))).toEqual(filter);
    expect(filterFromQuery(new URLSearchParams('modality=CT,nonsense&date=never'))).toEqual({ ...NO_FILTER, chips: ['CT'] });
    expect(isFiltered(NO_FILTER)).toBe(false);
  });

  it('asks for all modalities behind a chip, and for days counted with today', () => {
    const question = questionOf({ text: '', chips: ['XR'], range: '3_days' }, new Date(2026, 2, 1));
    expect(question).toEqual({ text: '', modalities: ['CR', 'DX'], dateFrom: '20260227', dateTo: '' });
    expect(questionOf({ ...NO_FILTER, range: 'today' }, new Date(2026, 2, 1)).dateFrom).toBe('20260301');
  });
});
