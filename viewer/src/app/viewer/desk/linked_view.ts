/** Linked zoom and pan: the other cells are seen as large, and at the same place, as the active one. */
import { effect } from '@preact/signals';

import { pixelAspect } from '../../../core/geometry';
import { followed, type SeenImage } from '../../../core/linked_view';
import { patientPlane } from '../../../core/patient_space';
import { pixelFormat } from '../../../core/pixel_format';
import type { Presentation } from '../../../core/presentation';
import type { Cell } from '../cell';
import type { Desk } from './desk';

interface Last {
  readonly cell: Cell;
  readonly set: string;
  readonly presentation: Presentation;
  /** Of the cell: what a layout does to the view is no zoom of the reader's. */
  readonly size: string;
}

/** Of a magnification, and of an image pixel: less is no move of a hand. */
const LEAST = 1e-3;

function moved(one: Presentation, other: Presentation): boolean {
  const centres = [one.centre, other.centre] as const;
  const away = centres[0] && centres[1] ? Math.hypot(centres[0][0] - centres[1][0], centres[0][1] - centres[1][1]) : Number(centres[0] !== centres[1]);
  return Math.abs(one.magnification / other.magnification - 1) > LEAST || away > LEAST;
}

function seenIn({ viewport, view }: Cell): SeenImage | null {
  const state = view.peek();
  const image = state?.displaySet?.images[state.index];
  const format = image ? pixelFormat(image.instance) : null;
  if (!viewport || !image || !format) return null;
  const { clientWidth: width, clientHeight: height } = viewport.element;
  if (width === 0 || height === 0) return null;
  const shape = { columns: format.columns, rows: format.rows, aspect: pixelAspect(image.instance, image.frame) };
  return { shape, plane: patientPlane(image), presentation: viewport.presentation, cell: { width, height } };
}

export class LinkedView {
  #last: Last | null = null;
  #stop: () => void = () => undefined;

  constructor(private readonly desk: Desk) {}

  start(): void {
    this.#stop = effect(() => this.#follow(this.desk.workspace.activeCell.value));
  }

  stop(): void {
    this.#stop();
  }

  /** Only what the reader does in the active cell moves the others. */
  #follow(cell: Cell): void {
    const set = cell.view.value?.displaySet?.id;
    const last = this.#last;
    if (set === undefined || cell.state.value !== 'ready' || cell.tier.value === null) return;
    const seen = seenIn(cell);
    if (!seen) return;
    const { presentation, cell: { width, height } } = seen;
    const size = `${width}x${height}`;
    this.#last = { cell, set, presentation, size };
    const turned = last?.presentation.rotation !== presentation.rotation || last.presentation.flipped !== presentation.flipped;
    if (last?.cell !== cell || last.set !== set || last.size !== size || turned || !moved(last.presentation, presentation)) return;
    if (!this.desk.switches.viewLinked.peek()) return;
    for (const other of this.desk.workspace.shownCells.peek()) {
      const theirs = other !== cell && other.state.peek() === 'ready' ? seenIn(other) : null;
      if (theirs) other.viewport?.setPresentation(followed(last.presentation, seen, theirs));
    }
  }
}
