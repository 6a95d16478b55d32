/** Zooming and moving images together: what the view of one says for another that stands beside it. */
import { fittedZoom, type Shape } from './hanging/standing';
import type { Point } from './geometry';
import { areParallel, inSameSpace, type PatientPlane, toImagePoint, toPatient } from './patient_space';
import type { Presentation } from './presentation';

/** An image and how it is seen. */
export interface SeenImage {
  readonly shape: Shape;
  /** Null where the header does not place the image in the patient. */
  readonly plane: PatientPlane | null;
  readonly presentation: Presentation;
  /** Of the cell, CSS pixels. */
  readonly cell: { readonly width: number; readonly height: number };
}

function centreOf({ presentation, shape }: Pick<SeenImage, 'presentation' | 'shape'>): Point {
  return presentation.centre ?? [shape.columns / 2, shape.rows / 2];
}

const fittedOf = ({ shape, presentation, cell }: SeenImage): number => fittedZoom(shape, presentation, cell);

/**
 * How the other image is seen when the reader has changed `before` to `now`. In one space of the patient: the same place in
 * the middle, a millimetre equally long. Elsewhere (a prior, another direction): it is enlarged as much as the reader has
 * enlarged, and of parallel images moved as many millimetres, so that both stay as they stood.
 */
export function followed(before: Presentation, now: SeenImage, other: SeenImage): Presentation {
  const [mine, theirs] = [now.plane, other.plane];
  if (mine && theirs && inSameSpace(mine, theirs) && areParallel(mine, theirs)) {
    const millimetre = (fittedOf(now) * now.presentation.magnification) / mine.columnSpacing;
    return {
      ...other.presentation,
      magnification: (millimetre * theirs.columnSpacing) / fittedOf(other),
      centre: toImagePoint(theirs, toPatient(mine, centreOf(now))),
    };
  }
  const magnification = other.presentation.magnification * (now.presentation.magnification / before.magnification);
  if (mine && theirs && areParallel(mine, theirs)) {
    const [from, to] = [toPatient(mine, centreOf({ presentation: before, shape: now.shape })), toPatient(mine, centreOf(now))];
    const [x, y] = centreOf(other);
    const at = toPatient(theirs, [x, y]);
    const moved = toImagePoint(theirs, [at[0] + to[0] - from[0], at[1] + to[1] - from[1], at[2] + to[2] - from[2]]);
    return { ...other.presentation, magnification, centre: moved };
  }
  return { ...other.presentation, magnification };
}
