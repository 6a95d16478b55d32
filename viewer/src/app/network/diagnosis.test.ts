import { describe, expect, it } from 'vitest';

import { chooseLocale, type Locale } from '../../i18n/locale';
import type { Finding } from './api';
import { CAUSES, diagnose, evidence } from './diagnosis';
import { nt } from './texts';

const FINDING: Finding = {
  id: 1, cause: 'called-ae', calling_ae_title: 'CT1', called_ae_title: 'PACS', address: '10.0.0.5', subject: '', class_name: '', syntaxes: [],
  detail: { ours: 'FILMLESS' }, times: 3, first_at: '2026-01-01T00:00:00Z', last_at: '2026-01-01T00:00:00Z',
};

function told(finding: Finding, locale: Locale): readonly [string, string] {
  chooseLocale(locale);
  const { title, fix, values } = diagnose(finding, 'FILMLESS', new Set());
  return [nt(title, values), nt(fix, values)];
}

describe('a finding', () => {
  it('is told as people at the machine need it', () => {
    expect(told(FINDING, 'vi')[0]).toBe('Máy CT1 gọi sai AE title: “PACS” thay vì “FILMLESS”.');
    expect(told(FINDING, 'en')[0]).toBe('CT1 calls a wrong AE title: “PACS” instead of “FILMLESS”.');
    expect(evidence(FINDING)).toContain('A-ASSOCIATE-RJ 1/1/7, called-AE-title-not-recognized');
  });

  it.each(CAUSES)('of %s has words and a remedy in both languages, with nothing left to fill in', (cause) => {
    const detail = { service: 'C-STORE', status: 'A700', comment: 'No room.', sop_class_uid: '1.2.3' };
    const finding = { ...FINDING, cause, class_name: 'CT Image Storage', detail };
    for (const locale of ['vi', 'en'] as const) {
      for (const text of told(finding, locale)) expect(text).not.toMatch(/[{}]|^$/);
    }
    expect(told(finding, 'vi')).not.toEqual(told(finding, 'en'));
  });

  it('of a cause that this viewer is too old to know is still told', () => {
    expect(told({ ...FINDING, cause: 'new' }, 'en')[0]).toBe('CT1 was refused.');
  });

  it('of a refused request has the advice of its status', () => {
    const refused = { ...FINDING, cause: 'request-refused', detail: { service: 'C-STORE', status: '0111', comment: 'Other content.' } };
    expect(diagnose(refused, 'FILMLESS', new Set()).fix).toBe('status.0111.fix');
    expect(evidence(refused)).toContain('0111 Other content.');
  });

  it('of a query that cannot be used says so, and of data that does not fit says that', () => {
    const refused = (service: string): Finding => ({ ...FINDING, cause: 'request-refused', detail: { service, status: 'A900', comment: 'No key.' } });
    expect(diagnose(refused('C-FIND'), 'FILMLESS', new Set()).fix).toBe('status.query.fix');
    expect(diagnose(refused('C-STORE'), 'FILMLESS', new Set()).fix).toBe('status.A9.fix');
  });

  it('offers to register a stranger, and to open a machine that is known', () => {
    expect(diagnose({ ...FINDING, cause: 'calling-ae' }, '', new Set()).remedy).toBe('register');
    expect(diagnose({ ...FINDING, cause: 'address' }, '', new Set(['CT1'])).remedy).toBe('machine');
    expect(diagnose({ ...FINDING, cause: 'address' }, '', new Set()).remedy).toBeNull();
  });
});
