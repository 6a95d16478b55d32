/** Where the plane of one image cuts another image: the reference line of a localizer (PS3.3 C.7.6.2.1.1). */
import type { Point, Vector } from './geometry';
import { dot } from './geometry';
import { heightAbove, inSameSpace, type PatientPlane, toImagePoint, toPatient } from './patient_space';

/** Sine of 5°: flatter cuts say nothing about the place. */
const FLATTEST = 0.0872;

function between(from: Vector, to: Vector, share: number): Vector {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, from[2] + (to[2] - from[2]) * share];
}

/** The part of a line that lies in [0, width] × [0, height] (Liang–Barsky); null when none does. */
function clipped([from, to]: readonly [Point, Point], width: number, height: number): readonly [Point, Point] | null {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  let [start, end] = [0, 1];
  for (const [step, room] of [[-dx, from[0]], [dx, width - from[0]], [-dy, from[1]], [dy, height - from[1]]] as const) {
    if (step === 0 && room < 0) return null;
    if (step < 0) start = Math.max(start, room / step);
    if (step > 0) end = Math.min(end, room / step);
  }
  return start < end ? [[from[0] + start * dx, from[1] + start * dy], [from[0] + end * dx, from[1] + end * dy]] : null;
}

/**
 * The line, in image coordinates of `on`, along which the rectangle of image `of` cuts it; null when they share no
 * frame of reference, are (nearly) parallel, or do not meet.
 */
export function referenceLine(of: PatientPlane, on: PatientPlane): readonly [Point, Point] | null {
  if (!inSameSpace(of, on)) return null;
  const cosine = dot(of.normal, on.normal);
  if (1 - cosine * cosine < FLATTEST * FLATTEST) return null;
  const corners = ([[0, 0], [of.columns, 0], [of.columns, of.rows], [0, of.rows]] as const).map((corner) => toPatient(of, corner));
  const cuts: Point[] = [];
  corners.forEach((corner, at) => {
    const next = corners[(at + 1) % corners.length] ?? corner;
    const [here, there] = [heightAbove(on, corner), heightAbove(on, next)];
    if ((here < 0) !== (there < 0)) cuts.push(toImagePoint(on, between(corner, next, here / (here - there))));
  });
  const [from, to] = cuts;
  return from && to ? clipped([from, to], on.columns, on.rows) : null;
}
