/** The field in which the words of an arrow or text are written, at its place on the image. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import type { Cell } from './cell';
import { dt } from './drawing_texts';
import '../../styles/drawing.css';

/** As long as the standard lets a text of a graphic annotation be (ST, PS3.5 §6.2). */
const LONGEST = 200;

export function DrawingText({ cell }: { readonly cell: Cell }): JSX.Element | null {
  const editing = cell.view.value?.editing;
  return editing ? <Field key={editing.id} cell={cell} id={editing.id} at={editing.at} /> : null;
}

function Field({ cell, id, at: [x, y] }: { readonly cell: Cell; readonly id: string; readonly at: readonly [number, number] }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const before = cell.view.peek()?.measurements.find((one) => one.id === id)?.text ?? '';
  const finished = useRef(false);
  const done = (text: string): void => {
    if (finished.current) return; // leaving the field after Escape must not bring back what was given up
    finished.current = true;
    cell.viewport?.setText(id, text.trim());
  };
  useEffect(() => field.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    done(event.key === 'Enter' ? (field.current?.value ?? '') : before);
    field.current?.closest<HTMLElement>('[data-viewport]')?.focus({ preventScroll: true });
  };
  return (
    <input
      ref={field} class="drawing-text" type="text" maxLength={LONGEST} defaultValue={before} aria-label={dt('drawing.words')}
      style={{ left: `min(${Math.max(x, 4)}px, calc(100% - 224px))`, top: `clamp(4px, ${y - 18}px, calc(100% - 40px))` }}
      onKeyDown={onKeyDown} onBlur={(event) => done(event.currentTarget.value)} onPointerDown={(event) => event.stopPropagation()}
    />
  );
}
