import { describe, expect, it } from 'vitest';

import { standingOf } from './standing';

const whole = { state: 'complete', is_active: false, refused: 0, incomplete: 0, studies_compared: 3, studies_complete: 3 } as const;

describe('how an import stands', () => {
  it('is complete only where nothing is missing', () => {
    expect(standingOf(whole)).toBe('complete');
    expect(standingOf({ ...whole, refused: 1 })).toBe('incomplete');
    expect(standingOf({ ...whole, incomplete: 1 })).toBe('incomplete');
    expect(standingOf({ ...whole, studies_complete: 2 })).toBe('incomplete');
  });

  it('is interrupted where it should be working and nobody is', () => {
    expect(standingOf({ ...whole, state: 'running', is_active: true })).toBe('running');
    expect(standingOf({ ...whole, state: 'running' })).toBe('interrupted');
    expect(standingOf({ ...whole, state: 'following' })).toBe('interrupted');
    expect(standingOf({ ...whole, state: 'cancelled', refused: 4 })).toBe('cancelled');
  });
});
