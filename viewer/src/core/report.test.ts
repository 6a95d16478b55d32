import { describe, expect, it } from 'vitest';
import type { DicomInstance } from './display_set';
import { referencedImages, report } from './report';

const code = (meaning: string, value = 'X', scheme = 'DCM') => ({
  vr: 'SQ', Value: [{ '00080100': { vr: 'SH', Value: [value] }, '00080102': { vr: 'SH', Value: [scheme] }, '00080104': { vr: 'LO', Value: [meaning] } }],
});
const item = (valueType: string, more: DicomInstance = {}): DicomInstance => ({ '0040A040': { vr: 'CS', Value: [valueType] }, ...more });
const sequence = (...value: readonly DicomInstance[]) => ({ vr: 'SQ', Value: value });

const image = item('IMAGE', { '00081199': sequence({ '00081155': { vr: 'UI', Value: ['1.2'] }, '00081160': { vr: 'IS', Value: [3] } }) });
const document: DicomInstance = {
  '0040A043': code('Imaging Report'),
  '0040A491': { vr: 'CS', Value: ['COMPLETE'] },
  '0040A493': { vr: 'CS', Value: ['VERIFIED'] },
  '0040A073': sequence({ '0040A075': { vr: 'PN', Value: [{ Alphabetic: 'TRẦN^HÀ' }] }, '0040A030': { vr: 'DT', Value: ['20260102101112'] } }),
  '0040A730': sequence(
    item('CONTAINER', { '0040A043': code('Findings'), '0040A730': sequence(
      item('TEXT', { '0040A043': code('Finding'), '0040A160': { vr: 'UT', Value: ['Khối ở thùy trên'] } }),
      item('NUM', { '0040A043': code('Length'), '0040A300': sequence({ '0040A30A': { vr: 'DS', Value: ['12.50'] }, '004008EA': code('millimeter', 'mm', 'UCUM') }) }),
      item('NUM', { '0040A043': code('Width'), '0040A301': code('Measurement failure') }),
      image,
    ) }),
    item('CODE', { '0040A043': code('Impression'), '0040A168': code('Neoplasm', '108369006', 'SCT') }),
  ),
};

describe('a structured report (PS3.3 C.17.3)', () => {
  it('is read as it was written: title, state, who verified it', () => {
    expect(report(document)).toMatchObject({
      title: 'Imaging Report', complete: true, verified: true, verifications: [{ name: 'TRẦN^HÀ', moment: '20260102101112' }],
    });
    expect(report({})).toMatchObject({ title: '', complete: null, verified: false, content: [] });
  });

  it('keeps the digits of a number, its unit, and why there is none', () => {
    const [findings, impression] = report(document).content;
    expect(findings?.children.map(({ value }) => value)).toEqual(['Khối ở thùy trên', '12.50', null, null]);
    expect(findings?.children[1]?.unit).toEqual({ meaning: 'millimeter', value: 'mm', scheme: 'UCUM' });
    expect(findings?.children[2]?.qualifier?.meaning).toBe('Measurement failure');
    expect(impression?.code).toEqual({ meaning: 'Neoplasm', value: '108369006', scheme: 'SCT' });
  });

  it('finds its images, each once', () => {
    const twice = report({ '0040A730': sequence(image, item('CONTAINER', { '0040A730': sequence(image) })) });
    expect(referencedImages(twice.content)).toEqual([{ sopInstanceUid: '1.2', sopClassUid: '', frame: 3 }]);
  });

  it('survives a document that nests without end', () => {
    let deep: DicomInstance = item('TEXT');
    for (let level = 0; level < 500; level += 1) deep = item('CONTAINER', { '0040A730': sequence(deep) });
    expect(report({ '0040A730': sequence(deep) }).content.length).toBe(1);
  });
});
