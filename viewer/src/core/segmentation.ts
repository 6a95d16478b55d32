/** Segmentations: which segment is where on which image (PS3.3 A.51, C.8.20). */
import type { Affine } from './affine';
import { frameScope, functionalGroup, items, number, numbers, text } from './attribute';
import { labColour, layerColour, type Rgb } from './layer_colour';
import type { DicomInstance, ImageReference } from './display_set';
import { imageReferences } from './display_sets';
import type { RawPixels } from './grayscale';
import { isSameFrameOfReference, mapBetween, planeOf } from './plane_map';
import { Tag } from './tag';

export interface Segment {
  readonly number: number;
  /** Empty: the file names it not. */
  readonly label: string;
  readonly colour: Rgb;
  /** By whom it was drawn: null: by hand; else the program's name, which may be empty. */
  readonly algorithm: string | null;
}

export type SegmentationType = 'binary' | 'fractional' | 'labels';

/** One frame of a segmentation that lies on an image. */
export interface SegmentFrame {
  readonly image: ImageReference;
  /** Null: a label map, which holds all of them. */
  readonly segment: number | null;
  /** From pixels of the frame to those of the image. */
  readonly toImage: Affine;
}

const SAME: Affine = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };
const SegmentTag = {
  Type: '00620001', Segments: '00620002', Number: '00620004', Label: '00620005', AlgorithmType: '00620008', AlgorithmName: '00620009',
  Colour: '0062000D', MaximumFractionalValue: '0062000E', Identification: '0062000A', ReferencedNumber: '0062000B', FractionalType: '00620010',
} as const;

export function segmentationType(instance: DicomInstance): SegmentationType {
  const stated = text(instance, SegmentTag.Type);
  return stated === 'FRACTIONAL' ? 'fractional' : stated === 'LABELMAP' ? 'labels' : 'binary';
}

export function segments(instance: DicomInstance): readonly Segment[] {
  return items(instance, SegmentTag.Segments).map((one, at) => {
    const lab = numbers(one, SegmentTag.Colour);
    return {
      number: number(one, SegmentTag.Number) ?? at + 1,
      label: text(one, SegmentTag.Label),
      colour: lab?.length === 3 ? labColour(lab as [number, number, number]) : layerColour(at),
      algorithm: text(one, SegmentTag.AlgorithmType) === 'MANUAL' ? null : text(one, SegmentTag.AlgorithmName),
    };
  });
}

/** The stored cells hold labels, whatever colours the file wishes for them. */
function plain(instance: DicomInstance): DicomInstance {
  return { ...instance, [Tag.PhotometricInterpretation]: { vr: 'CS', Value: ['MONOCHROME2'] } };
}

function segmentOf(instance: DicomInstance, frame: number): number | null {
  const group = functionalGroup(instance, frame, SegmentTag.Identification);
  return group ? number(group, SegmentTag.ReferencedNumber) : null;
}

/** The images a frame was drawn on, as far as the file names them. */
function sourcesOf(instance: DicomInstance, frame: number): readonly string[] {
  const scope = frameScope(instance, frame, '00089124');
  return items(scope, '00082112').map((one) => text(one, '00081155'));
}

/** Finds the frames of one segmentation for each image. */
export class SegmentationPlaces {
  private readonly frames: readonly { readonly image: ImageReference; readonly segment: number | null; readonly plane: ReturnType<typeof planeOf>; readonly sources: readonly string[] }[];

  constructor(private readonly instance: DicomInstance) {
    const labels = segmentationType(instance) === 'labels';
    this.frames = imageReferences(plain(instance)).map((image) => ({
      image,
      segment: labels ? null : segmentOf(instance, image.frame),
      plane: planeOf(instance, image.frame),
      sources: sourcesOf(instance, image.frame),
    }));
  }

  /** True when positions of both can be compared, or one was drawn on the other. */
  covers({ instance, sopInstanceUid }: ImageReference): boolean {
    const named = this.frames.some(({ sources }) => sources.includes(sopInstanceUid));
    const [own, other] = [text(this.instance, Tag.FrameOfReferenceUID), text(instance, Tag.FrameOfReferenceUID)];
    return named || (own !== '' && isSameFrameOfReference(own, other));
  }

  /** What lies on an image: in its plane, or, where neither has a place in the patient, drawn on it pixel by pixel. */
  on(image: ImageReference): readonly SegmentFrame[] {
    if (!this.covers(image)) return [];
    const plane = planeOf(image.instance, image.frame);
    const sameSize = [Tag.Rows, Tag.Columns].every((tag) => number(image.instance, tag) === number(this.instance, tag));
    return this.frames.flatMap((frame) => {
      if (plane && frame.plane) {
        const toImage = mapBetween(frame.plane, plane);
        return toImage ? [{ image: frame.image, segment: frame.segment, toImage }] : [];
      }
      const drawnOnIt = !frame.plane && sameSize && frame.sources.includes(image.sopInstanceUid);
      return drawnOnIt ? [{ image: frame.image, segment: frame.segment, toImage: SAME }] : [];
    });
  }
}

/** Which part of a pixel belongs to a segment, 0–1. */
export function membership(instance: DicomInstance, segment: Segment): (cell: number) => number {
  switch (segmentationType(instance)) {
    case 'binary': return (cell) => (cell === 0 ? 0 : 1);
    case 'labels': return (cell) => (cell === segment.number ? 1 : 0);
    case 'fractional': {
      const most = number(instance, SegmentTag.MaximumFractionalValue) ?? 255;
      return (cell) => Math.min(cell / Math.max(most, 1), 1);
    }
  }
}

/** What a fraction of a fractional segmentation is: part of the pixel, or how sure. */
export function fractionalMeaning(instance: DicomInstance): 'occupancy' | 'probability' {
  return text(instance, SegmentTag.FractionalType) === 'OCCUPANCY' ? 'occupancy' : 'probability';
}

/** A segment of a frame as a picture in its colour; null when nothing of it is there. */
export function segmentRgba(pixels: RawPixels, { colour: [red, green, blue] }: Segment, part: (cell: number) => number): Uint8ClampedArray<ArrayBuffer> | null {
  const rgba = new Uint8ClampedArray(pixels.length * 4);
  let any = false;
  for (let at = 0; at < pixels.length; at += 1) {
    const share = part(pixels[at] ?? 0);
    if (share <= 0) continue;
    any = true;
    rgba.set([red, green, blue, Math.round(share * 255)], at * 4);
  }
  return any ? rgba : null;
}
