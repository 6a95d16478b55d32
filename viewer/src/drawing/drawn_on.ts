/** What both kinds of viewport do with drawings: hand the wish on to the book of the page, or to the hand in the cell. */
import type { Measurement } from '../core/measurement';
import type { DrawingBook } from './book';
import type { DrawingCell } from './drawing_cell';

export abstract class DrawnOn {
  protected abstract readonly book: DrawingBook;
  protected abstract readonly drawing: DrawingCell;

  addMeasurement(measurement: Measurement): void {
    this.book.add(measurement);
  }

  removeMeasurement(id: string): void {
    this.book.remove(id);
  }

  setText(id: string, text: string): void {
    this.drawing.setText(id, text);
  }

  editText(id: string): void {
    this.drawing.edit(id);
  }

  calibrate(id: string, millimetres: number): boolean {
    return this.book.calibrate(id, millimetres);
  }

  cancelDrawing(): boolean {
    return this.drawing.cancel();
  }

  setPoint(): void {
    this.drawing.setPoint();
  }

  steer(dx: number, dy: number): void {
    this.drawing.steer(dx, dy);
  }

  undo(): void {
    this.book.undo();
  }

  redo(): void {
    this.book.redo();
  }
}
