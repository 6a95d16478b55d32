/** What a receipt says, step by step: received, durable, in the object store, committed. */
import type { Receipt, ReceiptStep } from '../api';

export const STEPS = ['received', 'durable', 'stored', 'committed'] as const;
export type StepName = (typeof STEPS)[number];

/** Nothing has come so far, some of it, or all. */
export type StepState = 'none' | 'some' | 'all';

export interface Step extends ReceiptStep {
  readonly name: StepName;
  readonly state: StepState;
  /** From 0 to 1. */
  readonly part: number;
}

export function stepsOf(receipt: Receipt): readonly Step[] {
  const all = receipt.received.instances;
  return STEPS.map((name) => {
    const step = receipt[name];
    const state = step.instances === 0 ? 'none' : step.instances >= all ? 'all' : 'some';
    return { ...step, name, state, part: all === 0 ? 0 : Math.min(1, step.instances / all) };
  });
}

/** How many instances are on their way to the object store. */
export function onTheWay(receipt: Receipt): number {
  return Math.max(0, receipt.received.instances - receipt.stored.instances);
}
