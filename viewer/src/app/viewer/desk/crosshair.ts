/** The crosshair: one point of the patient, shown in every cell that reaches it. */
import { signal } from '@preact/signals';

import { apply, inverse } from '../../../core/affine';
import type { Point, Vector } from '../../../core/geometry';
import { heightAbove, type PatientPlane, toImagePoint, toPatient } from '../../../core/patient_space';
import type { Cell } from '../cell';
import type { Desk } from './desk';
import { imageAt, planeOfCell } from './place';

export interface Mark {
  readonly frameOfReference: string;
  readonly point: Vector;
}

/** A cell whose image lies farther from the point than this does not show it. */
const FARTHEST_MM = 10;

export class Crosshair {
  readonly mark = signal<Mark | null>(null);

  constructor(private readonly desk: Desk) {}

  clear(): void {
    this.mark.value = null;
  }

  /** Point at a place of a cell (CSS pixels): the others go there. False where the image has no place in the patient. */
  aim(cell: Cell, at: Point): boolean {
    const [plane, placement] = [planeOfCell(cell), cell.viewport?.placement];
    if (!plane || plane.frameOfReference === '' || !placement) return false;
    const mark = { frameOfReference: plane.frameOfReference, point: toPatient(plane, apply(inverse(placement), at)) };
    this.show(mark, cell);
    this.desk.secondWindow.tellMark(mark);
    return true;
  }

  /** Show a mark, and bring the cells (but one) to it. */
  show(mark: Mark | null, except: Cell | null = null): void {
    this.mark.value = mark;
    if (!mark) return;
    for (const cell of this.desk.workspace.shownCells.peek()) {
      const set = cell.view.peek()?.displaySet;
      const index = cell !== except && set ? imageAt(set, mark.frameOfReference, mark.point) : null;
      if (index !== null && index !== cell.view.peek()?.index) cell.viewport?.scrollTo(index);
    }
  }

  /** Where the mark is on an image (image coordinates); null where it is not. */
  on(plane: PatientPlane): Point | null {
    const mark = this.mark.value;
    if (mark?.frameOfReference !== plane.frameOfReference || Math.abs(heightAbove(plane, mark.point)) > FARTHEST_MM) return null;
    return toImagePoint(plane, mark.point);
  }
}
