/** What the other cells say about this one: reference line and crosshair, drawn over its image. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { type Affine, apply } from '../../../core/affine';
import type { Point } from '../../../core/geometry';
import { referenceLine } from '../../../core/reference_line';
import type { Cell } from '../cell';
import type { Desk, DeskProps } from './desk';
import { planeOfCell } from './place';
import '../../../styles/desk.css';

interface CellLayerProps extends DeskProps {
  readonly cell: Cell;
}

const ARM = 14;
const GAP = 5;

export function CellLayer({ cell, desk }: CellLayerProps): JSX.Element {
  const layer = useRef<SVGSVGElement>(null);
  const aiming = desk.switches.crosshair.value;
  useEffect(() => (aiming && layer.current?.parentElement ? aimIn(layer.current.parentElement, cell, desk) : undefined), [aiming, cell]);
  // Read after the view, which changes whenever the placement does.
  const plane = planeOfCell(cell);
  const placement = cell.viewport?.placement ?? null;
  return (
    <svg ref={layer} class="cell-layer" data-aiming={aiming} aria-hidden="true">
      {plane && placement && <ReferenceLine cell={cell} desk={desk} plane={plane} placement={placement} />}
      {plane && placement && <Cross at={desk.crosshair.on(plane)} placement={placement} />}
    </svg>
  );
}

interface ReferenceLineProps extends CellLayerProps {
  readonly plane: NonNullable<ReturnType<typeof planeOfCell>>;
  readonly placement: Affine;
}

function ReferenceLine({ cell, desk, plane, placement }: ReferenceLineProps): JSX.Element | null {
  const active = desk.workspace.activeCell.value;
  if (!desk.switches.lines.value || active === cell) return null;
  const from = planeOfCell(active);
  const line = from ? referenceLine(from, plane) : null;
  if (!line) return null;
  const [[x1, y1], [x2, y2]] = [apply(placement, line[0]), apply(placement, line[1])];
  const points = line.map((point) => point.map((one) => one.toFixed(2)).join(',')).join(' ');
  return <line class="reference-line" x1={x1} y1={y1} x2={x2} y2={y2} data-line={points} />;
}

function Cross({ at, placement }: { readonly at: Point | null; readonly placement: Affine }): JSX.Element | null {
  if (!at) return null;
  const [x, y] = apply(placement, at);
  const d = `M${x - ARM} ${y}H${x - GAP}M${x + GAP} ${y}H${x + ARM}M${x} ${y - ARM}V${y - GAP}M${x} ${y + GAP}V${y + ARM}`;
  return <path class="crosshair" d={d} data-at={at.map((one) => one.toFixed(2)).join(',')} />;
}

/** While the crosshair is in hand the primary button points; every other button and the wheel stay the image's. */
function aimIn(section: HTMLElement, cell: Cell, desk: Desk): () => void {
  let pressed = false;
  const aim = (event: MouseEvent): void => {
    const { left, top } = section.getBoundingClientRect();
    desk.crosshair.aim(cell, [event.clientX - left, event.clientY - top]);
  };
  const isPrimary = (event: MouseEvent): boolean => event.button === 0 && event.target instanceof Element && event.target.closest('input, button') === null;
  const take = (event: Event): void => { event.stopPropagation(); };
  const onDown = (event: PointerEvent): void => {
    if (!isPrimary(event)) return;
    take(event);
    pressed = true;
    desk.workspace.active.value = cell.number - 1;
    section.setPointerCapture(event.pointerId);
    aim(event);
  };
  const onMove = (event: PointerEvent): void => {
    if (!pressed) return;
    take(event);
    aim(event);
  };
  const onUp = (event: PointerEvent): void => {
    if (pressed) take(event);
    pressed = false;
  };
  const onMouse = (event: MouseEvent): void => { if (pressed || (event.type === 'mousedown' && isPrimary(event))) take(event); };
  const stops = new AbortController();
  const options = { capture: true, signal: stops.signal };
  section.addEventListener('pointerdown', onDown, options);
  section.addEventListener('pointermove', onMove, options);
  section.addEventListener('pointerup', onUp, options);
  section.addEventListener('pointercancel', onUp, options);
  for (const name of ['mousedown', 'mousemove', 'touchstart', 'touchmove'] as const) {
    section.addEventListener(name, (event) => { if (event instanceof MouseEvent) onMouse(event); else take(event); }, options);
  }
  return () => stops.abort();
}
