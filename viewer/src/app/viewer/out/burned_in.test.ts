import { describe, expect, it } from 'vitest';

import { burnedIn } from './burned_in';

const header = (values: Readonly<Record<string, string>>): Parameters<typeof burnedIn>[0] => (
  Object.fromEntries(Object.entries(values).map(([tag, value]) => [tag, { vr: 'CS', Value: [value] }]))
);

describe('what the pixels may say of the patient', () => {
  it.each([
    ['yes', { '00280301': 'YES', '00080060': 'CT' }],
    ['no', { '00280301': 'NO', '00080060': 'US' }],
    ['perhaps', { '00080060': 'US' }],
    ['perhaps', { '00080060': 'CT', '00080016': '1.2.840.10008.5.1.4.1.1.7' }],
    ['perhaps', { '00080060': 'DX', '00080016': '1.2.840.10008.5.1.4.1.1.7.2' }],
    ['no', { '00080060': 'CT', '00080016': '1.2.840.10008.5.1.4.1.1.2' }],
    ['no', { '00080060': 'CT', '00080016': '1.2.840.10008.5.1.4.1.1.77.1' }],
  ])('%s: %o', (expected, values: Readonly<Record<string, string>>) => {
    expect(burnedIn(header(values))).toBe(expected);
  });
});
