import { describe, expect, it } from 'vitest';

import { studiesEn } from '../../i18n/studies_en';
import { studiesVi } from '../../i18n/studies_vi';

type Entry = string | Readonly<Record<string, string>>;

const words = (entry: Entry | undefined): string => (typeof entry === 'object' ? (entry['other'] ?? '') : (entry ?? ''));
const placeholders = (entry: Entry | undefined): readonly string[] => [...new Set(words(entry).match(/\{\w+\}/g) ?? [])].toSorted();

describe('the catalogues of the study list', () => {
  it('say the same in both languages, with the same placeholders', () => {
    const vietnamese = studiesVi as unknown as Readonly<Record<string, Entry>>;
    for (const [key, entry] of Object.entries(studiesEn as Readonly<Record<string, Entry>>)) {
      expect([key, placeholders(vietnamese[key])]).toEqual([key, placeholders(entry)]);
      expect(words(vietnamese[key])).not.toBe('');
      if (!/^(key\.|filters\.between)/.test(key)) expect([key, words(vietnamese[key])]).not.toEqual([key, words(entry)]);
    }
  });
});
