import { describe, expect, it } from 'vitest';

import { decodeLink, encodeLink, type ViewLink } from './view_link';

const LINK: ViewLink = {
  layout: '1x2',
  active: 1,
  cells: [
    {
      cell: 0, study: '1.2.3', series: '1.2.3.4', image: '1.2.3.4.5', frame: 1, voi: { center: 40.5, width: 80, function: 'LINEAR' }, inverted: true,
      presentation: { rotation: 90, flipped: true, magnification: 2.5, centre: [12.25, 300] },
    },
    {
      cell: 1, study: '1.2.3', series: '1.2.9', image: '1.2.9.1', frame: 7, voi: null, inverted: false,
      presentation: { rotation: 0, flipped: false, magnification: 1, centre: null },
    },
  ],
};

const encoded = (value: unknown): string => btoa(JSON.stringify(value));

describe('a link to a view', () => {
  it('is read back as it was made', () => {
    expect(decodeLink(encodeLink(LINK))).toEqual(LINK);
  });

  it('goes into an address as it is and names a UID once', () => {
    const text = encodeLink(LINK);
    expect(encodeURIComponent(text)).toBe(text);
    expect(atob(text.replaceAll('-', '+').replaceAll('_', '/')).split('"1.2.3"')).toHaveLength(2);
  });

  it.each([
    ['nothing', null], ['empty', ''], ['no base64', '%%%'], ['no JSON', btoa('x')], ['another shape', encoded({})], ['too long', 'A'.repeat(20_000)],
    ['a UID that is none', encoded(['1x1', 0, ['../etc'], []])],
    ['a layout that is none', encoded(['<b>', 0, [], []])],
    ['a UID that is not listed', encoded(['1x1', 0, ['1.2'], [[0, 0, 0, 5, 1, null, null, null, 0, 0, 0, 1, null, null]]])],
    ['a turn that is none', encoded(['1x1', 0, ['1.2'], [[0, 0, 0, 0, 1, null, null, null, 0, 45, 0, 1, null, null]]])],
    ['a window without width', encoded(['1x1', 0, ['1.2'], [[0, 0, 0, 0, 1, 40, 0, 'LINEAR', 0, 0, 0, 1, null, null]]])],
    ['half a centre', encoded(['1x1', 0, ['1.2'], [[0, 0, 0, 0, 1, null, null, null, 0, 0, 0, 1, 3, null]]])],
  ])('is refused: %s', (_, text) => {
    expect(decodeLink(text)).toBeNull();
  });
});
