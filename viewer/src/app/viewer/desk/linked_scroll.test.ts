import { signal } from '@preact/signals';
import { describe, expect, it } from 'vitest';

import type { DisplaySet } from '../../../core/display_set';
import type { PatientPlane } from '../../../core/patient_space';
import type { ViewportState } from '../../../core/viewport';
import type { Cell } from '../cell';
import type { Desk } from './desk';
import { LinkedScroll } from './linked_scroll';
import { planeOfCell } from './place';

/** Axial slices of 2 mm; the image comes to the screen only when it is let (`arrive`), as in the reading room. */
function stackCell(): { cell: Cell; target: () => number; arrive: (index: number) => void } {
  const images = Array.from({ length: 12 }, (_, at) => ({
    frame: 1,
    instance: {
      '00200052': { vr: 'UI', Value: ['1.2.3'] }, '00200032': { vr: 'DS', Value: [0, 0, 2 * at] }, '00200037': { vr: 'DS', Value: [1, 0, 0, 0, 1, 0] },
      '00280030': { vr: 'DS', Value: [1, 1] }, '00280010': { vr: 'US', Value: [8] }, '00280011': { vr: 'US', Value: [8] },
    },
  }));
  const displaySet = { id: 'one#0', images } as unknown as DisplaySet;
  const view = signal({ displaySet, index: 0 } as ViewportState);
  let target = 0;
  const cell = { view, state: signal('ready'), viewport: { scrollTo: (index: number) => { target = index; } } } as unknown as Cell;
  return { cell, target: () => target, arrive: (index) => { view.value = { ...view.value, index }; } };
}

describe('a window that follows another', () => {
  it('does not send back where it was sent, but tells of its own reader’s scroll', () => {
    const { cell, target, arrive } = stackCell();
    const told: PatientPlane[] = [];
    const desk = {
      switches: { linked: signal(true) },
      workspace: { activeCell: signal(cell), shownCells: signal([cell]) },
      secondWindow: { tellPlace: (plane: PatientPlane) => told.push(plane) },
    } as unknown as Desk;
    const scroll = new LinkedScroll(desk);
    scroll.start();
    arrive(5);
    const there = planeOfCell(cell);
    expect(told).toHaveLength(1);
    arrive(4);
    expect(told).toHaveLength(2);

    if (there) scroll.followPlace(there);
    expect(target()).toBe(5);
    arrive(5);
    expect(told).toHaveLength(2);
    arrive(6);
    expect(told).toHaveLength(3);
    scroll.stop();
  });
});
