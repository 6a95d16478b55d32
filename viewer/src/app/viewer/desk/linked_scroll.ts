/** Linked scrolling: the other cells go to where the active one is in the patient. */
import { effect } from '@preact/signals';

import { areParallel, inSameSpace, middleOf, type PatientPlane, patientPlane } from '../../../core/patient_space';
import type { Cell } from '../cell';
import type { Desk } from './desk';
import { imageAlong, imageAt, placeAlong, planeOfCell } from './place';

interface Last {
  readonly cell: Cell;
  readonly set: string;
  readonly index: number;
}

export class LinkedScroll {
  #last: Last | null = null;
  /** Millimetres from the active stack's places to another's, for stacks of different spaces (a prior), by their ids. */
  #offsets = new Map<string, number>();
  /** Where the other window has sent a cell that is not there yet: arriving is no scroll of this window's. */
  #sent = new Map<Cell, number>();
  #stop: () => void = () => undefined;

  constructor(private readonly desk: Desk) {}

  start(): void {
    const { switches, workspace } = this.desk;
    const stopFollowing = effect(() => this.#follow(workspace.activeCell.value));
    const stopForgetting = switches.linked.subscribe(() => this.#offsets.clear());
    this.#stop = () => { stopFollowing(); stopForgetting(); };
  }

  stop(): void {
    this.#stop();
  }

  /** Only a scroll in the active cell moves the others; becoming active does not. */
  #follow(cell: Cell): void {
    const view = cell.view.value;
    const set = view?.displaySet?.id;
    const last = this.#last;
    if (!view || set === undefined || cell.state.value !== 'ready') return;
    this.#last = { cell, set, index: view.index };
    if (last?.cell !== cell || last.set !== set || last.index === view.index) return;
    if (this.#sent.get(cell) === view.index) {
      this.#sent.delete(cell);
      return;
    }
    const plane = planeOfCell(cell);
    if (!plane) return;
    this.desk.secondWindow.tellPlace(plane);
    if (!this.desk.switches.linked.peek()) return;
    const before = view.displaySet?.images[last.index];
    const from = before ? patientPlane(before) : null;
    const step = from ? placeAlong(plane) - placeAlong(from) : 0;
    for (const other of this.desk.workspace.shownCells.peek()) if (other !== cell) this.#bring(other, plane, set, step);
  }

  /** Another window is there now. */
  followPlace(plane: PatientPlane): void {
    if (!this.desk.switches.linked.peek()) return;
    for (const cell of this.desk.workspace.shownCells.peek()) {
      const index = this.#indexAt(cell, plane, 'other window', 0);
      if (index !== null && index !== cell.view.peek()?.index) this.#sent.set(cell, index);
      scroll(cell, index);
    }
  }

  #bring(cell: Cell, plane: PatientPlane, from: string, step: number): void {
    scroll(cell, this.#indexAt(cell, plane, from, step));
  }

  #indexAt(cell: Cell, plane: PatientPlane, from: string, step: number): number | null {
    const set = cell.view.peek()?.displaySet;
    const own = planeOfCell(cell);
    if (!set || !own || !areParallel(plane, own)) return null;
    if (inSameSpace(plane, own)) return imageAt(set, plane.frameOfReference, middleOf(plane));
    const key = `${from}>${set.id}`;
    let offset = this.#offsets.get(key);
    if (offset === undefined) {
      // As they stood when they were linked, so they stay: that was before this step.
      offset = placeAlong({ ...own, normal: plane.normal }) - (placeAlong(plane) - step);
      this.#offsets.set(key, offset);
    }
    return imageAlong(set, plane, placeAlong(plane) + offset);
  }
}

function scroll(cell: Cell, index: number | null): void {
  if (index !== null && index !== cell.view.peek()?.index) cell.viewport?.scrollTo(index);
}
