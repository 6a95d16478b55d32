/** Linked window: the other cells of the same kind of image take the window of the active one. */
import { effect } from '@preact/signals';

import type { Voi } from '../../../core/viewport';
import type { Cell } from '../cell';
import type { Desk } from './desk';

interface Last {
  readonly cell: Cell;
  readonly set: string;
  readonly index: number;
  readonly voi: Voi;
}

const same = (one: Voi, other: Voi): boolean => one.center === other.center && one.width === other.width && one.function === other.function;

export class LinkedWindow {
  #last: Last | null = null;
  #stop: () => void = () => undefined;

  constructor(private readonly desk: Desk) {}

  start(): void {
    this.#stop = effect(() => this.#follow(this.desk.workspace.activeCell.value));
  }

  stop(): void {
    this.#stop();
  }

  /** A window that the reader changed; one that an image brought with it is its own. */
  #follow(cell: Cell): void {
    const view = cell.view.value;
    const set = view?.displaySet;
    const last = this.#last;
    if (!set || !view.voi || cell.state.value !== 'ready') return;
    const { index, voi } = view;
    this.#last = { cell, set: set.id, index, voi };
    const changed = last?.cell === cell && last.set === set.id && last.index === index && !same(last.voi, voi);
    if (!changed || !this.desk.switches.windowLinked.peek()) return;
    this.followVoi(set.modality, voi, cell);
    this.desk.secondWindow.tellVoi(set.modality, voi);
  }

  /** Give the window to every cell (but one) with images of the modality. */
  followVoi(modality: string, voi: Voi, except: Cell | null = null): void {
    if (!this.desk.switches.windowLinked.peek()) return;
    for (const cell of this.desk.workspace.shownCells.peek()) {
      const theirs = cell.view.peek();
      if (cell !== except && theirs?.displaySet?.modality === modality && theirs.voi && !same(theirs.voi, voi)) cell.viewport?.setVoi(voi);
    }
  }
}
