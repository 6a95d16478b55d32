import { describe, expect, it } from 'vitest';

import { safeNext, viewerAddress } from './address';

describe('where a sign-in leads', () => {
  const origin = 'https://pacs.example.vn';
  it.each([
    ['/viewer?StudyInstanceUIDs=1.2&tier=lite', '/viewer?StudyInstanceUIDs=1.2&tier=lite'],
    ['//example.com/x', '/'],
    ['/\\example.com', '/'],
    ['https://example.com', '/'],
    ['javascript:alert(1)', '/'],
    ['/sign-in?next=/', '/'],
    ['', '/'],
    [null, '/'],
  ])('%s → %s', (next, target) => expect(safeNext(next, origin)).toBe(target));
});

it('names studies and a series in the viewer’s address', () => {
  expect(viewerAddress(['1.2', '3.4'], '5.6')).toBe('/viewer?StudyInstanceUIDs=1.2,3.4&SeriesInstanceUID=5.6');
});
