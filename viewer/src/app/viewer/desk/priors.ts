/** The other studies of the patient. */
import type { Desk } from './desk';

export class Priors {
  constructor(protected readonly desk: Desk) {}
  compare(): Promise<void> { return Promise.resolve(); }
}
