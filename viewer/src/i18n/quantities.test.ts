import { describe, expect, it } from 'vitest';

import { chooseLocale } from './locale';
import { formatBytes, formatDuration, secondsSince } from './quantities';

/** Intl separates number and unit by a no-break space. */
const plain = (text: string): string => text.replace(/\s/g, ' ');

describe('amounts', () => {
  it('of bytes are short, in the language chosen', () => {
    chooseLocale('en');
    expect(plain(formatBytes(0))).toBe('0 byte');
    expect(plain(formatBytes(512_000))).toBe('512 kB');
    expect(plain(formatBytes(999_700))).toBe('1 MB');
    expect(plain(formatBytes(1_540_000_000))).toBe('1.5 GB');
    chooseLocale('vi');
    expect(plain(formatBytes(1_540_000_000))).toBe('1,5 GB');
    expect(plain(formatBytes(47_300_000))).toBe('47 MB');
  });

  it('of time are said in their largest unit', () => {
    chooseLocale('en');
    expect(formatDuration(0)).toBe('0 seconds');
    expect(formatDuration(61)).toBe('1 minute');
    expect(formatDuration(7199)).toBe('1 hour');
    expect(formatDuration(200_000)).toBe('2 days');
    chooseLocale('vi');
    expect(plain(formatDuration(180))).toBe('3 phút');
  });

  it('of time since a moment are never negative, however the clocks differ', () => {
    expect(secondsSince('2026-01-01T00:00:10Z', Date.parse('2026-01-01T00:00:05Z'))).toBe(0);
    expect(secondsSince('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:05Z'))).toBe(5);
  });
});
