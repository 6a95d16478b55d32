/** Vectors of the patient coordinate system, in millimetres (PS3.3 C.7.6.2.1.1). */
import { cross, dot, type Vector } from '../geometry';

export { cross, dot, type Vector };

export const plus = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const size = (a: Vector): number => Math.hypot(a[0], a[1], a[2]);
export const distanceBetween = (a: Vector, b: Vector): number => size(minus(a, b));

/** The vector of length 1 in the same direction. */
export function unit(a: Vector): Vector {
  return scaled(a, 1 / size(a));
}

/** A vector turned about an axis of length 1, by the right hand, in radians (Rodrigues). */
export function turned(a: Vector, axis: Vector, radians: number): Vector {
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  return plus(plus(scaled(a, cosine), scaled(cross(axis, a), sine)), scaled(axis, dot(axis, a) * (1 - cosine)));
}
