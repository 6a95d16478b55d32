/** The second window. */
import type { PatientPlane } from '../../../core/patient_space';
import type { Mark } from './crosshair';
import type { Desk } from './desk';

export class SecondWindow {
  constructor(protected readonly desk: Desk) {}
  start(): void { /* later */ }
  stop(): void { /* later */ }
  open(): void { /* later */ }
  tellPlace(plane: PatientPlane): void { void plane; }
  tellMark(mark: Mark): void { void mark; }
}
