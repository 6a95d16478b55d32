import { describe, expect, it } from 'vitest';

import { reasonOf } from './reason';

describe('why something could not be sent', () => {
  it.each([
    ['BVTW@10.0.0.5:104 cannot be reached: nothing answers on 10.0.0.5 port 104.', 'unreachable'],
    ['BVTW is not registered, so nobody knows where it answers; pacs ae add', 'unregistered'],
    ['BVTW@10.0.0.5:104 refuses the association: it does not know our AE title (1/1/3).', 'rejected'],
    ['2 refused: 1.2.3: C001; 1.2.4: C001', 'refused'],
    ['1 not committed: 1.2.3: 0110', 'uncommitted'],
    ['something else', null],
  ])('%s', (error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});
