import { describe, expect, it } from 'vitest';

import { matchesWords, plainText } from './search_words';

describe('words without accents', () => {
  it('are found in any order by their beginnings', () => {
    expect(plainText('Bệnh viện Đa khoa')).toBe('BENH VIEN DA KHOA');
    expect(matchesWords('01001 Bệnh viện Đức Giang', 'giang duc')).toBe(true);
    expect(matchesWords('01001 Bệnh viện Đức Giang', 'ức')).toBe(false);
    expect(matchesWords('x', '')).toBe(true);
  });
});
