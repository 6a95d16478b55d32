/** Where an image lies in the patient and how large its pixels are (PS3.3 C.7.6.2, C.7.6.3.1.7, C.8.5.5, 10.7). */
import { frameScope, number, numbers, text, texts } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';
import { measuredRegion, type RegionRefusal, ultrasoundRegions } from './us_region';

export type Point = readonly [number, number];
export type Vector = readonly [number, number, number];

/** What millimetres rest on: Pixel Spacing or what stands for it, the detector, an ultrasound region, a person; or nothing. */
export type CalibrationSource = 'spacing' | 'detector' | 'region' | 'manual' | 'none';

/** The size of a pixel, and how far it can be trusted. */
export interface Spacing {
  /** Millimetres from the centre of a row to the next, and of a column to the next; a plain ratio when not calibrated. */
  readonly row: number;
  readonly column: number;
  /** False: lengths can only be given in pixels. */
  readonly calibrated: boolean;
  /** Why a calibrated length needs care: measured at the detector, so magnified; null when it needs none. */
  readonly note: 'detector' | null;
  readonly source: CalibrationSource;
  /** Set: nothing can be measured here, not even in pixels. */
  readonly refused?: RegionRefusal;
}

const PIXELS: Spacing = { row: 1, column: 1, calibrated: false, note: null, source: 'none' };

function pair(instance: DicomInstance, tag: string): readonly [number, number] | null {
  const [row, column] = numbers(instance, tag) ?? [];
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : null;
}

/**
 * Spacing of a frame: Pixel Spacing; else Imager Pixel Spacing, divided by the magnification when known, with a note
 * (PS3.3 10.7.1.3); else Nominal Scanned Pixel Spacing; else Pixel Aspect Ratio without calibration.
 */
export function spacing(instance: DicomInstance, frame: number): Spacing {
  const measured = pair(frameScope(instance, frame, Tag.PixelMeasuresSequence), Tag.PixelSpacing);
  const detector = pair(instance, Tag.ImagerPixelSpacing);
  if (measured) {
    // Both the same and no calibration named: the measured one is that of the detector too (PS3.3 10.7.1.3).
    const same = detector?.[0] === measured[0] && detector[1] === measured[1] && text(instance, Tag.PixelSpacingCalibrationType) === '';
    return { row: measured[0], column: measured[1], calibrated: true, note: same ? 'detector' : null, source: same ? 'detector' : 'spacing' };
  }
  if (detector) {
    const factor = number(instance, Tag.EstimatedRadiographicMagnificationFactor);
    const magnification = factor !== null && factor > 0 ? factor : 1;
    return { row: detector[0] / magnification, column: detector[1] / magnification, calibrated: true, note: 'detector', source: 'detector' };
  }
  const scanned = pair(instance, Tag.NominalScannedPixelSpacing);
  if (scanned) return { row: scanned[0], column: scanned[1], calibrated: true, note: null, source: 'spacing' };
  const ratio = pair(instance, Tag.PixelAspectRatio);
  return ratio ? { ...PIXELS, row: ratio[0] / ratio[1] } : PIXELS;
}

/**
 * Spacing for a measurement through points of one frame. An image with ultrasound regions is measured in the region that
 * holds the points and nowhere else; `refused` says why not (PS3.3 C.8.5.5.1).
 */
export function measurementSpacing(instance: DicomInstance, frame: number, points: readonly Point[]): Spacing {
  const regions = ultrasoundRegions(instance);
  if (regions.length === 0) return spacing(instance, frame);
  const measured = measuredRegion(regions, points);
  if (typeof measured === 'string') return { ...PIXELS, refused: measured };
  return { ...PIXELS, ...measured.spacing, calibrated: true, source: 'region' };
}

/** Height of a pixel as a multiple of its width, for display (PS3.3 C.7.6.3.1.7; spacing says the same where present). */
export function pixelAspect(instance: DicomInstance, frame: number): number {
  const { row, column } = spacing(instance, frame);
  return row / column;
}

/** Image Orientation (Patient) of a frame: directions of a row (to higher columns) and of a column (to higher rows). */
export function orientation(instance: DicomInstance, frame: number): readonly [Vector, Vector] | null {
  const scope = frameScope(instance, frame, Tag.PlaneOrientationSequence);
  const cosines = numbers(scope, Tag.ImageOrientationPatient);
  if (cosines?.length !== 6) return null;
  const [a, b, c, d, e, f] = cosines as [number, number, number, number, number, number];
  return [[a, b, c], [d, e, f]];
}

/** Image Position (Patient) of a frame: the centre of its first pixel in mm. */
export function position(instance: DicomInstance, frame: number): Vector | null {
  const found = numbers(frameScope(instance, frame, Tag.PlanePositionSequence), Tag.ImagePositionPatient);
  return found?.length === 3 ? (found as [number, number, number]) : null;
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** How far along its own normal a frame lies, in mm; null when its place is unknown. */
export function distanceAlongNormal(instance: DicomInstance, frame: number): number | null {
  const directions = orientation(instance, frame);
  const origin = position(instance, frame);
  return directions && origin ? dot(cross(...directions), origin) : null;
}

/** Patient letters of a direction, the strongest axis first: `A`, `AL`, `LAF` (PS3.3 C.7.6.1.1.1). */
export function directionLetters(direction: Vector): string {
  const axes: [number, string, string][] = [
    [direction[0], 'L', 'R'],
    [direction[1], 'P', 'A'],
    [direction[2], 'H', 'F'],
  ];
  return axes
    .filter(([size]) => Math.abs(size) > 0.0871557427 /* 5° */)
    .toSorted((one, other) => Math.abs(other[0]) - Math.abs(one[0]))
    .map(([size, positive, negative]) => (size > 0 ? positive : negative))
    .join('');
}

const OPPOSITE: Readonly<Record<string, string>> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' };

function opposite(letters: string): string {
  return letters.replace(/./g, (letter) => OPPOSITE[letter] ?? '');
}

export interface EdgeLetters {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

/** Letters at the edges of an unturned image: from Image Orientation (Patient), else Patient Orientation. */
export function edgeLetters(instance: DicomInstance, frame: number): EdgeLetters {
  const directions = orientation(instance, frame);
  const stated = texts(instance, Tag.PatientOrientation);
  const known = (letters: string | undefined): string => (letters !== undefined && /^[LRAPHF]{1,3}$/.test(letters) ? letters : '');
  const [right, bottom] = directions ? [directionLetters(directions[0]), directionLetters(directions[1])] : [known(stated[0]), known(stated[1])];
  return { left: opposite(right), right, top: opposite(bottom), bottom };
}

/** Letters at the edges of the screen after turning clockwise by quarters and then flipping what is seen. */
export function turnLetters(edges: EdgeLetters, quarterTurns: number, flippedHorizontally: boolean, flippedVertically: boolean): EdgeLetters {
  let turned = edges;
  for (let turn = 0; turn < ((quarterTurns % 4) + 4) % 4; turn += 1) {
    turned = { top: turned.left, right: turned.top, bottom: turned.right, left: turned.bottom };
  }
  if (flippedHorizontally) turned = { ...turned, left: turned.right, right: turned.left };
  return flippedVertically ? { ...turned, top: turned.bottom, bottom: turned.top } : turned;
}
