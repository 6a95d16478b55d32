/** Contours of a radiotherapy structure set (PS3.3 A.19, C.8.8.5, C.8.8.6). */
import { items, number, numbers, text } from './attribute';
import type { DicomInstance, ImageReference } from './display_set';
import { dot, type Vector } from './geometry';
import { layerColour, type Rgb } from './layer_colour';
import { isSameFrameOfReference, type Plane, PLANE_TOLERANCE_MM, planeOf, toPlane } from './plane_map';
import { Tag } from './tag';

export interface Structure {
  readonly number: number;
  readonly name: string;
  readonly colour: Rgb;
  readonly frameOfReference: string;
  /** By whom it was drawn; see Segment. */
  readonly algorithm: string | null;
}

interface Contour {
  readonly structure: number;
  readonly kind: 'closed' | 'open' | 'point';
  /** x, y, z in mm, one after the other. */
  readonly points: Float64Array;
}

/** A contour on an image: an SVG path in its image coordinates. */
export interface ContourPath {
  readonly structure: number;
  readonly path: string;
  readonly kind: Contour['kind'];
}

const KINDS: Readonly<Record<string, Contour['kind']>> = { CLOSED_PLANAR: 'closed', CLOSEDPLANAR_XOR: 'closed', OPEN_PLANAR: 'open', POINT: 'point' };

export function structures(instance: DicomInstance): readonly Structure[] {
  const drawn = new Map(items(instance, '30060039').map((one) => [number(one, '30060084'), one]));
  return items(instance, '30060020').map((one, at) => {
    const roi = number(one, '30060022') ?? at + 1;
    const colour = numbers(drawn.get(roi) ?? {}, '3006002A');
    return {
      number: roi,
      name: text(one, '30060026'),
      colour: colour?.length === 3 ? (colour as [number, number, number]) : layerColour(at),
      frameOfReference: text(one, '30060024'),
      algorithm: ['AUTOMATIC', 'SEMIAUTOMATIC'].includes(text(one, '30060036')) ? '' : null,
    };
  });
}

function contours(instance: DicomInstance): readonly Contour[] {
  return items(instance, '30060039').flatMap((roi) => {
    const structure = number(roi, '30060084') ?? -1;
    return items(roi, '30060040').flatMap((one) => {
      const kind = KINDS[text(one, '30060042')];
      const found = numbers(one, '30060050');
      return kind && found && found.length >= 3 && found.length % 3 === 0 ? [{ structure, kind, points: Float64Array.from(found) }] : [];
    });
  });
}

function pointOf({ points }: Contour, at: number): Vector {
  return [points[at * 3] ?? 0, points[at * 3 + 1] ?? 0, points[at * 3 + 2] ?? 0];
}

function liesIn(contour: Contour, plane: Plane, place: number): boolean {
  for (let at = 0; at < contour.points.length / 3; at += 1) {
    if (Math.abs(dot(pointOf(contour, at), plane.normal) - place) > PLANE_TOLERANCE_MM) return false;
  }
  return true;
}

function pathOf(contour: Contour, plane: Plane): string {
  const points = Array.from({ length: contour.points.length / 3 }, (_, at) => toPlane(plane, pointOf(contour, at)).map((part) => part.toFixed(3)).join(' '));
  if (contour.kind === 'point') return points.map((point) => `M${point}h0`).join('');
  return `M${points.join('L')}${contour.kind === 'closed' ? 'Z' : ''}`;
}

/** The contours of one structure set, found for each image by place: the planes of both must be one. */
export class StructurePlaces {
  private readonly contours: readonly Contour[];
  private readonly frames: ReadonlyMap<number, string>;

  constructor(instance: DicomInstance) {
    this.contours = contours(instance);
    this.frames = new Map(structures(instance).map((one) => [one.number, one.frameOfReference]));
  }

  covers({ instance }: ImageReference): boolean {
    const own = text(instance, Tag.FrameOfReferenceUID);
    return own !== '' && [...this.frames.values()].some((frame) => isSameFrameOfReference(frame, own));
  }

  on({ instance, frame }: ImageReference): readonly ContourPath[] {
    const plane = planeOf(instance, frame);
    if (!plane || !this.covers({ instance, frame } as ImageReference)) return [];
    const place = dot(plane.origin, plane.normal);
    return this.contours
      .filter((one) => isSameFrameOfReference(this.frames.get(one.structure) ?? '', plane.frameOfReference) && liesIn(one, plane, place))
      .map((one) => ({ structure: one.structure, kind: one.kind, path: pathOf(one, plane) }));
  }
}
