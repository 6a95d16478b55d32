/** How the instances of a series become display sets: what may scroll together, and in which order (PS3.3 A.1.4, C.7.6.2). */
import { number, numbers, text } from './attribute';
import type { DicomInstance, DisplaySet, ImageReference } from './display_set';
import { cross, distanceAlongNormal, orientation, position, type Vector } from './geometry';
import { isSlideLevel, kindOfObject } from './object_kind';
import { pixelFormat } from './pixel_format';
import { Tag } from './tag';

function framesOf(instance: DicomInstance): number {
  return Math.max(Math.trunc(number(instance, Tag.NumberOfFrames) ?? 1), 1);
}

function hasPixels(instance: DicomInstance): boolean {
  return [Tag.PixelData, Tag.FloatPixelData, Tag.DoubleFloatPixelData].some((tag) => instance[tag] !== undefined);
}

/** Address of an instance under DICOMweb (PS3.18 §10.4), without host. */
export function instanceUrl(studyInstanceUid: string, seriesInstanceUid: string, sopInstanceUid: string): string {
  return `/dicom-web/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
}

/** Every frame of an instance, in order. */
export function imageReferences(instance: DicomInstance): readonly ImageReference[] {
  const sopInstanceUid = text(instance, Tag.SOPInstanceUID);
  const base = instanceUrl(text(instance, Tag.StudyInstanceUID), text(instance, Tag.SeriesInstanceUID), sopInstanceUid);
  return Array.from({ length: framesOf(instance) }, (_, at) => {
    const frameUrl = `${base}/frames/${at + 1}`;
    return { instance, sopInstanceUid, frame: at + 1, frameUrl, renderedUrl: `${frameUrl}/rendered` };
  });
}

/** Frames per second of a multi-frame image (PS3.3 C.7.6.5); null when the header gives none. */
export function frameRate(instance: DicomInstance): number | null {
  const stated = number(instance, Tag.RecommendedDisplayFrameRate) ?? number(instance, Tag.CineRate);
  if (stated !== null && stated > 0) return stated;
  const steps = (numbers(instance, Tag.FrameTimeVector) ?? []).slice(1);
  const milliseconds = number(instance, Tag.FrameTime) ?? steps.reduce((sum, step) => sum + step, 0) / steps.length;
  return milliseconds > 0 ? 1000 / milliseconds : null;
}

const rounded = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(',');

/** Instances with the same key may share a stack: same size, colour, direction and place on the table. */
function stackKey(instance: DicomInstance): string {
  const format = pixelFormat(instance);
  const directions = orientation(instance, 1);
  return [
    format ? `${format.columns}x${format.rows}x${format.samplesPerPixel}` : 'unknown',
    directions ? rounded(directions.flat()) : 'no orientation',
    text(instance, Tag.SOPClassUID),
  ].join('|');
}

function byNumber(one: DicomInstance, other: DicomInstance): number {
  const [a, b] = [number(one, Tag.InstanceNumber), number(other, Tag.InstanceNumber)];
  if (a !== b) return (a ?? Number.MAX_SAFE_INTEGER) - (b ?? Number.MAX_SAFE_INTEGER);
  return text(one, Tag.SOPInstanceUID) < text(other, Tag.SOPInstanceUID) ? -1 : 1;
}

/** Sort a stack along its normal where each place is held once; else by Instance Number. */
function sorted(instances: readonly DicomInstance[]): readonly DicomInstance[] {
  const numbered = instances.toSorted(byNumber);
  const placed = numbered.map((instance) => ({ instance, at: distanceAlongNormal(instance, 1) }));
  const places = new Set(placed.map(({ at }) => at?.toFixed(3)));
  if (places.has(undefined) || places.size < placed.length) return numbered;
  const ascending = placed.toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0)).map(({ instance }) => instance);
  const [first, last] = [ascending[0], ascending.at(-1)];
  // Keep the direction in which the modality numbered them: a reader scrolls head to feet or back as the scanner did.
  return first && last && byNumber(first, last) > 0 ? ascending.toReversed() : ascending;
}

function displaySet(instances: readonly DicomInstance[], kind: DisplaySet['kind'], part: number): DisplaySet {
  const first = instances[0] ?? {};
  const seriesInstanceUid = text(first, Tag.SeriesInstanceUID);
  const images = kind === 'stack' || kind === 'multiframe' ? instances.flatMap(imageReferences) : [];
  return {
    id: `${seriesInstanceUid}#${part}`,
    studyInstanceUid: text(first, Tag.StudyInstanceUID),
    seriesInstanceUid,
    modality: text(first, Tag.Modality),
    seriesNumber: number(first, Tag.SeriesNumber),
    description: text(first, Tag.SeriesDescription),
    images,
    kind,
    ...(images.length === 0 ? { objects: instances } : {}),
    frameRate: kind === 'multiframe' ? frameRate(first) : null,
  };
}

/** Levels of one slide are one picture at several sizes; everything else that is no stack of images stands alone. */
function objectSets(instances: readonly DicomInstance[]): readonly (readonly DicomInstance[])[] {
  const sets = new Map<string, DicomInstance[]>();
  for (const instance of instances) {
    const key = isSlideLevel(instance) ? text(instance, Tag.FrameOfReferenceUID) : text(instance, Tag.SOPInstanceUID);
    sets.set(key, [...(sets.get(key) ?? []), instance]);
  }
  return [...sets.values()];
}

/**
 * Split the instances of one series: each multi-frame instance stands alone, single frames with the same size and
 * direction form a stack (a scout or another plane its own), and what is no image stands alone without images.
 */
export function displaySets(instances: readonly DicomInstance[]): readonly DisplaySet[] {
  const stacks = new Map<string, DicomInstance[]>();
  const alone: [DicomInstance, DisplaySet['kind']][] = [];
  const objects: DicomInstance[] = [];
  for (const instance of instances.toSorted(byNumber)) {
    if (kindOfObject(instance) !== null) objects.push(instance);
    else if (!hasPixels(instance) || pixelFormat(instance) === null) alone.push([instance, 'unsupported']);
    else if (framesOf(instance) > 1) alone.push([instance, 'multiframe']);
    else {
      const key = stackKey(instance);
      stacks.set(key, [...(stacks.get(key) ?? []), instance]);
    }
  }
  return [
    ...[...stacks.values()].map((stack) => [sorted(stack), 'stack'] as const),
    ...alone.map(([instance, kind]) => [[instance], kind] as const),
    ...objectSets(objects).map((members) => [members, 'document'] as const),
  ].map(([members, kind], part) => displaySet(members, kind, part));
}

/** The millimetres from each image of a stack to the next, when they are the same everywhere; else null. */
export function sliceDistance(set: DisplaySet): number | null {
  const places = set.images.map(({ instance, frame }) => distanceAlongNormal(instance, frame));
  const steps = places.slice(1).map((place, at) => Math.abs((place ?? Number.NaN) - (places[at] ?? Number.NaN)));
  const [step] = steps;
  return step !== undefined && step > 0 && steps.every((other) => Math.abs(other - step) < 0.01) ? step : null;
}

/** The image of a display set nearest to a point of the patient, for reference lines and linked scrolling; null when unknown. */
export function nearestImage(set: DisplaySet, point: Vector): number | null {
  let [best, nearest] = [null as number | null, Number.POSITIVE_INFINITY];
  set.images.forEach(({ instance, frame }, index) => {
    const [directions, origin] = [orientation(instance, frame), position(instance, frame)];
    if (!directions || !origin) return;
    const normal = cross(...directions);
    const away = Math.abs(normal.reduce((sum, part, axis) => sum + part * ((point[axis] ?? 0) - (origin[axis] ?? 0)), 0));
    if (away < nearest) [best, nearest] = [index, away];
  });
  return best;
}
