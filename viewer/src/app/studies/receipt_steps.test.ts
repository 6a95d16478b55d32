import { describe, expect, it } from 'vitest';

import type { Receipt, ReceiptStep } from '../api';
import { onTheWay, stepsOf } from './receipt_steps';

const step = (instances: number): ReceiptStep => ({ instances, bytes: instances * 10, first_at: null, last_at: null });

function receipt(received: number, stored: number, committed: number): Receipt {
  return {
    study_instance_uid: '1.2', received: step(received), durable: step(received), stored: step(stored),
    committed: step(committed), sources: [], series: [],
  };
}

describe('the steps of a receipt', () => {
  it('say how far each has come', () => {
    const steps = stepsOf(receipt(512, 498, 0));
    expect(steps.map((one) => [one.name, one.state])).toEqual([
      ['received', 'all'], ['durable', 'all'], ['stored', 'some'], ['committed', 'none'],
    ]);
    expect(steps[2]?.part).toBeCloseTo(498 / 512);
    expect(onTheWay(receipt(512, 498, 0))).toBe(14);
  });

  it('are all done when everything is committed, and nothing is done of nothing', () => {
    expect(stepsOf(receipt(3, 3, 3)).every((one) => one.state === 'all')).toBe(true);
    expect(stepsOf(receipt(0, 0, 0)).every((one) => one.state === 'none' && one.part === 0)).toBe(true);
    expect(onTheWay(receipt(3, 3, 0))).toBe(0);
  });
});
