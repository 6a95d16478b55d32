/** Hanging: which series stands where when a study opens. */
import type { Desk } from './desk';

export class Hanging {
  constructor(protected readonly desk: Desk) {}
  start(): Promise<void> { return Promise.resolve(); }
  stop(): void { /* nothing runs */ }
  step(by: 1 | -1): Promise<void> { return by === 1 ? Promise.resolve() : Promise.resolve(); }
}
