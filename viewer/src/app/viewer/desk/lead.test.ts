import { describe, expect, it } from 'vitest';

import { Lead } from './lead';

describe('which of two windows leads', () => {
  it('is the first one, until the reader acts in the other', () => {
    const [one, two] = [new Lead(true), new Lead(false)];
    expect([one.leads, two.leads]).toEqual([true, false]);
    expect(one.take()).toBe(false);
    expect(two.hear(one.order)).toBe(true);
    expect(two.take()).toBe(true);
    expect(one.hear(two.order)).toBe(true);
    expect([one.leads, two.leads]).toEqual([false, true]);
  });

  it('does not heed what was said before the reader went on here', () => {
    const [one, two] = [new Lead(true), new Lead(false)];
    const late = one.order;
    two.take();
    expect(two.hear(late)).toBe(false);
    one.hear(two.order);
    const later = two.order;
    one.take();
    expect(one.hear(later)).toBe(false);
    expect(one.leads).toBe(true);
  });

  it('begins anew when one of them is loaded anew', () => {
    const two = new Lead(false);
    two.take();
    two.hear(7);
    const one = new Lead(true);
    two.begin();
    expect([one.leads, two.leads]).toEqual([true, false]);
    expect(two.hear(one.order)).toBe(true);
    expect(two.take()).toBe(true);
    expect(one.hear(two.order)).toBe(true);
    expect(one.leads).toBe(false);
  });
});
