import { describe, expect, it } from 'vitest';

import { askedOf, FIRST_QUESTION, queryOf, questionOf } from './question';

const TODAY = new Date(2025, 10, 30, 23, 15);

describe('the question', () => {
  it('stands in the address, and what is as at first does not', () => {
    expect(queryOf(FIRST_QUESTION)).toEqual({ q: '', show: '', days: '' });
    const question = { text: 'lê anh', shown: 'stopped', period: 'week' } as const;
    expect(questionOf(new URLSearchParams(queryOf(question)))).toEqual(question);
    expect(questionOf(new URLSearchParams('show=odd&days=never'))).toEqual(FIRST_QUESTION);
  });

  it('is asked of the server by states and days of the calendar', () => {
    expect(askedOf(FIRST_QUESTION, TODAY, 50)).toEqual({
      limit: '50', state: 'scheduled,in-progress', date_from: '20251130', date_to: '20251130',
    });
    expect(askedOf({ text: ' a ', shown: 'all', period: 'all' }, TODAY, 50)).toEqual({ limit: '50', q: 'a' });
    expect(askedOf({ ...FIRST_QUESTION, period: 'tomorrow' }, TODAY, 50)['date_from']).toBe('20251201');
    expect(askedOf({ ...FIRST_QUESTION, period: 'week' }, TODAY, 50)['date_to']).toBe('20251206');
  });
});
