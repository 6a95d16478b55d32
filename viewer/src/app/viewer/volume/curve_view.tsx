/** The curved plane: along the curve from left to right, straight through the plane it was drawn on from top to bottom. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { effect } from '@preact/signals';

import { even } from '../../../core/volume/curve';
import { finest } from '../../../core/volume/grid';
import { directionLetters } from '../../../core/geometry';
import { scaled, type Vector } from '../../../core/volume/vector';
import { formatDecimal } from '../../../i18n/dates';
import { colours, Painter } from './painter';
import { PatientCorner } from './plane_overlay';
import type { VolumeSession } from './session';
import { vt } from './texts';

/** Millimetres that the picture reaches to both sides of the curve together. */
const HEIGHT_MM = 120;
const MOST_SIDE = 1600;

interface Made {
  readonly columns: number;
  readonly rows: number;
  readonly step: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** Down in the picture: to the feet for a curve on an axial plane, else into that plane. */
function downOf({ curve }: VolumeSession): Vector {
  return scaled(curve.normal.value, curve.plane.value === 'axial' ? -1 : 1);
}

/** What the curve asks of the volume; null while it has fewer than two points. */
async function make(session: VolumeSession): Promise<Made | null> {
  const { base, curve } = session;
  const length = curve.length.peek();
  if (!base || length <= 0) return null;
  const step = Math.max(finest(base.grid), length / MOST_SIDE, HEIGHT_MM / MOST_SIDE);
  const along = even(curve.line.peek(), step);
  const rows = Math.round(HEIGHT_MM / step);
  const toRow = scaled(downOf(session), step);
  const { values } = await base.client.curve({ along, toRow, columns: along.length, rows });
  return { columns: along.length, rows, step, values };
}

export function CurveView({ session }: { readonly session: VolumeSession }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [made, setMade] = useState<Made | null>(null);
  const painter = useMemo(() => new Painter<true>(async () => { setMade(await make(session)); }), [session]);
  const { curve, base } = session;
  useEffect(() => effect(() => {
    const all = [curve.line.value, base?.complete];
    if (all.length > 0) painter.want(true);
  }), [session]);
  const voi = base?.voi.value;
  const inverse = base ? base.inverse.value !== session.inverted.value : false;
  useEffect(() => {
    const element = canvas.current;
    if (!element || !made || !voi) return;
    Object.assign(element, { width: made.columns, height: made.rows });
    const view = { width: made.columns, height: made.rows };
    const rgba = colours({ base: made.values, view }, { voi, inverse }, null);
    element.getContext('2d')?.putImageData(new ImageData(rgba, made.columns, made.rows), 0, 0);
  }, [made, voi, inverse]);
  const points = curve.points.value.length;
  return (
    <div class="curve-view" data-curve-step={made?.step} data-curve={made ? JSON.stringify(curve.points.value) : undefined}>
      <div class="curve-head">
        <p class="number">{points < 2 ? vt('volume.curve.hint') : vt('volume.curve.length', { length: formatDecimal(curve.length.value, 1) })}</p>
        <button type="button" class="button small" disabled={points === 0} onClick={() => curve.removeLast()}>{vt('volume.curve.remove_last')}</button>
        <button type="button" class="button small" disabled={points === 0} onClick={() => curve.clear()}>{vt('volume.curve.clear')}</button>
      </div>
      {made && (
        <div class="curved overlay-host">
          <canvas ref={canvas} role="img" aria-label={vt('volume.tab.curve')} />
          <PatientCorner set={session.set} />
          <span class="edge top">{directionLetters(scaled(downOf(session), -1))}</span>
          <span class="edge bottom">{directionLetters(downOf(session))}</span>
        </div>
      )}
      {made && <p class="quiet">{vt('volume.curve.note')}</p>}
    </div>
  );
}
