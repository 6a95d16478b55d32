/** Affine maps of a plane: image coordinates to the cell they are shown in, and back. */
import type { Point } from './geometry';

/** x′ = a·x + c·y + e, y′ = b·x + d·y + f. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export function apply(map: Affine, [x, y]: Point): Point {
  return [map.a * x + map.c * y + map.e, map.b * x + map.d * y + map.f];
}

export function inverse({ a, b, c, d, e, f }: Affine): Affine {
  const determinant = a * d - b * c;
  return {
    a: d / determinant,
    b: -b / determinant,
    c: -c / determinant,
    d: a / determinant,
    e: (c * f - d * e) / determinant,
    f: (b * e - a * f) / determinant,
  };
}

/** First `inner`, then `outer`. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [e, f] = apply(outer, [inner.e, inner.f]);
  return {
    a: outer.a * inner.a + outer.c * inner.b,
    b: outer.b * inner.a + outer.d * inner.b,
    c: outer.a * inner.c + outer.c * inner.d,
    d: outer.b * inner.c + outer.d * inner.d,
    e,
    f,
  };
}

export function scaling(x: number, y: number): Affine {
  return { a: x, b: 0, c: 0, d: y, e: 0, f: 0 };
}

/** The map that takes (0,0), (1,0) and (0,1) to these points. */
export function through(origin: Point, right: Point, down: Point): Affine {
  return { a: right[0] - origin[0], b: right[1] - origin[1], c: down[0] - origin[0], d: down[1] - origin[1], e: origin[0], f: origin[1] };
}
