import { beforeEach, describe, expect, it } from 'vitest';

import { formatAge, formatDate, formatDecimal, formatMoment, formatTime, parseDate, storedDate } from './dates';
import { chooseLocale } from './locale';

beforeEach(() => chooseLocale('vi'));

describe('dates and times', () => {
  it('reads dates of the calendar only', () => {
    expect(parseDate('20240229')).toEqual({ year: 2024, month: 2, day: 29 });
    expect(parseDate('2024.02.29')).toEqual({ year: 2024, month: 2, day: 29 });
    expect(parseDate('20230229')).toBeNull();
    expect(parseDate('2024')).toBeNull();
  });

  it('shows a date day first, and what is no date as it is stored', () => {
    expect(formatDate('20251122')).toBe('22/11/2025');
    expect(formatDate('hôm qua')).toBe('hôm qua');
    expect(formatTime('101530.123')).toBe('10:15');
    expect(formatTime('')).toBe('');
  });

  it('shows today by the clock and another day by its date', () => {
    const now = new Date(2026, 2, 5, 18, 0);
    expect(formatMoment(new Date(2026, 2, 5, 7, 4).toISOString(), now)).toBe('07:04');
    expect(formatMoment(new Date(2026, 1, 4, 7, 4).toISOString(), now)).toBe('04/02 07:04');
    expect(formatMoment('nonsense', now)).toBe('');
  });

  it('asks for days as the archive stores them', () => expect(storedDate(new Date(2026, 0, 9))).toBe('20260109'));
});

describe('an age', () => {
  it.each([
    ['19800102', '20260101', '45 tuổi'],
    ['19800102', '20260102', '46 tuổi'],
    ['20240601', '20260501', '23 tháng tuổi'],
    ['20260401', '20260501', '30 ngày tuổi'],
    ['20270101', '20260101', ''],
    ['', '20260101', ''],
  ])('of %s on %s is %s', (birth, on, age) => expect(formatAge(birth, on)).toBe(age));
});

it('never groups the digits of a measured value', () => {
  expect(formatDecimal(1500, 0)).toBe('1500');
  expect(formatDecimal(74.64, 1)).toBe('74,6');
  chooseLocale('en');
  expect(formatDecimal(1234.56, 1)).toBe('1234.6');
});
