/** What is drawn over a plane: where the other two cut it, and lengths. */
import type { JSX } from 'preact';

import { depth, type PlaneName, PLANE_NAMES, type PlaneView, toCanvas } from '../../../core/volume/planes';
import { finest } from '../../../core/volume/grid';
import type { SpatialLength } from '../../../core/volume/spatial_length';
import type { Vector } from '../../../core/volume/vector';
import { formatDecimal } from '../../../i18n/dates';
import { lineOf } from './gestures';
import type { VolumeSession } from './session';

const GAP = 16;
const HANDLE = 92;

interface MarksProps {
  readonly session: VolumeSession;
  readonly name: PlaneName;
  readonly view: PlaneView;
}

export function PlaneMarks({ session, name, view }: MarksProps): JSX.Element {
  const pending = session.pending.value;
  const curve = session.curve.points.value;
  return (
    <svg class="plane-marks" width={view.width} height={view.height} aria-hidden="true">
      <Crosshair session={session} name={name} view={view} />
      {session.lengths.value.map((length) => <LengthMark key={length.id} session={session} view={view} length={length} />)}
      {pending && <Dot view={view} point={pending} near={isNear(session, view, pending)} />}
      {curve.length > 0 && <polyline class="curve" points={session.curve.line.value.map((point) => toCanvas(view, point).join()).join(' ')} />}
      {curve.map((point) => <Dot key={point.join()} view={view} point={point} near={isNear(session, view, point)} />)}
    </svg>
  );
}

function Crosshair({ session, name, view }: MarksProps): JSX.Element {
  const [x, y] = toCanvas(view, session.cross.value);
  const far = view.width + view.height;
  return (
    <>
      {PLANE_NAMES.filter((other) => other !== name).map((other) => {
        const [dx, dy] = lineOf(session, name, other);
        return (
          <g key={other} class="cut" data-cut={other}>
            {[1, -1].map((way) => (
              <g key={way}>
                <line x1={x + dx * GAP * way} y1={y + dy * GAP * way} x2={x + dx * far * way} y2={y + dy * far * way} />
                <circle cx={x + dx * HANDLE * way} cy={y + dy * HANDLE * way} r="3.5" />
              </g>
            ))}
          </g>
        );
      })}
    </>
  );
}

/** On the plane, or within the slab that is seen. */
function isNear(session: VolumeSession, view: PlaneView, point: Vector): boolean {
  const slab = session.slab.value === 'thin' ? 0 : session.thickness.value;
  return Math.abs(depth(view, point)) <= Math.max(slab, finest(session.grid)) / 2 + 1e-6;
}

function Dot({ view, point, near }: { readonly view: PlaneView; readonly point: Vector; readonly near: boolean }): JSX.Element {
  const [x, y] = toCanvas(view, point);
  return <circle class="end" data-near={near} cx={x} cy={y} r="4" />;
}

interface LengthProps {
  readonly session: VolumeSession;
  readonly view: PlaneView;
  readonly length: SpatialLength;
}

/** A length is seen where one of its ends is, or where it passes through; dashed when it leaves the plane. */
function LengthMark({ session, view, length }: LengthProps): JSX.Element | null {
  const near = [isNear(session, view, length.from), isNear(session, view, length.to)];
  const crosses = depth(view, length.from) * depth(view, length.to) < 0;
  if (!near.includes(true) && !crosses) return null;
  const [x1, y1] = toCanvas(view, length.from);
  const [x2, y2] = toCanvas(view, length.to);
  return (
    <g class="length" data-flat={!near.includes(false)}>
      <line class="under" x1={x1} y1={y1} x2={x2} y2={y2} />
      <line x1={x1} y1={y1} x2={x2} y2={y2} />
      <Dot view={view} point={length.from} near={near[0] ?? false} />
      <Dot view={view} point={length.to} near={near[1] ?? false} />
      <text x={(x1 + x2) / 2 + 10} y={(y1 + y2) / 2 - 8}>{lengthText(length.millimetres)}</text>
    </g>
  );
}

export function lengthText(millimetres: number): string {
  return `${formatDecimal(millimetres, 1)} mm`;
}
