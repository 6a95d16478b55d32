import { describe, expect, it } from 'vitest';
import { isLossy } from './lossy';

const instance = (syntax: string, stated?: string): Parameters<typeof isLossy>[0] => ({
  '00083002': { vr: 'UI', Value: [`1.2.840.10008.1.2${syntax}`] },
  ...(stated === undefined ? {} : { '00282110': { vr: 'CS', Value: [stated] } }),
});

describe('images that are lossy as acquired', () => {
  it('say so themselves, or by a transfer syntax that always loses', () => {
    expect(isLossy(instance('.1', '01'))).toBe(true);
    expect(isLossy(instance('.4.50'))).toBe(true);
    expect(isLossy(instance('.4.50', '00'))).toBe(true);
  });

  it('are taken as such when a transfer syntax may lose and the header does not tell', () => {
    expect(isLossy(instance('.4.91'))).toBe(true);
    expect(isLossy(instance('.4.91', '00'))).toBe(false);
  });

  it('are not those of lossless transfer syntaxes', () => {
    for (const syntax of ['', '.1', '.4.57', '.4.70', '.4.80', '.4.90', '.4.201', '.4.202', '.5']) expect(isLossy(instance(syntax))).toBe(false);
  });
});
