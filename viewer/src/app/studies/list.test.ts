import { describe, expect, it, vi } from 'vitest';

import type { Study } from '../api';
import { NO_FILTER } from './filter';

vi.stubGlobal('location', { href: 'http://localhost/' });
vi.stubGlobal('addEventListener', () => undefined);
const { StudyList } = await import('./list');

const study = (number: number): Study => ({ study_instance_uid: `1.${number}` }) as Study;

describe('moving in the list', () => {
  it('goes to the ends of the list as it is now, whatever is chosen', () => {
    const list = new StudyList(NO_FILTER);
    list.rows.value = [study(0), study(1), null, study(3)];
    expect(list.move(Number.POSITIVE_INFINITY)).toBe(3);
    expect(list.chosen.value).toBe('1.3');
    expect(list.move(Number.NEGATIVE_INFINITY)).toBe(0);
    list.rows.value = [...list.rows.value, null, study(5)];
    expect(list.move(Number.POSITIVE_INFINITY)).toBe(5);
    list.chosen.value = '';
    expect(list.move(Number.NEGATIVE_INFINITY)).toBe(0);
  });

  it('begins at the end that the key goes away from, and stays within', () => {
    const list = new StudyList(NO_FILTER);
    expect(list.move(1)).toBe(-1);
    list.rows.value = [study(0), study(1), null];
    expect(list.move(1)).toBe(0);
    expect(list.move(10)).toBe(2);
    expect(list.move(1)).toBe(2);
  });

  it('begins at the end for a step back', () => {
    const list = new StudyList(NO_FILTER);
    list.rows.value = [study(0), study(1)];
    expect(list.move(-1)).toBe(1);
  });
});
