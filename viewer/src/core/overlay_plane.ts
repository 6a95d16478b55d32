/** Overlay planes, group 60xx: graphics and regions that lie over an image (PS3.3 C.9.2). */
import { inlineBytes, number, numbers, text } from './attribute';
import type { DicomInstance } from './display_set';
import type { RawPixels } from './grayscale';
import type { Rgb } from './layer_colour';

export interface OverlayPlane {
  readonly rows: number;
  readonly columns: number;
  /** Where its first pixel lies on the image, from 0; may be outside. */
  readonly left: number;
  readonly top: number;
  /** 1 where the plane is set, row by row. */
  readonly bits: Uint8Array;
}

const GROUPS = Array.from({ length: 16 }, (_, at) => (0x6000 + 2 * at).toString(16));

function unpack(bytes: Uint8Array, first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => ((bytes[(first + at) >> 3] ?? 0) >> ((first + at) & 7)) & 1);
}

/** Which frame of the overlay belongs to a frame of the image; null when none does (C.9.2.1.5). */
function overlayFrame(instance: DicomInstance, group: string, frame: number): number | null {
  const frames = number(instance, `${group}0015`) ?? 1;
  if (frames <= 1 && instance[`${group}0051`] === undefined) return 0;
  const at = frame - (number(instance, `${group}0051`) ?? 1);
  return at >= 0 && at < frames ? at : null;
}

function bitsOf(instance: DicomInstance, group: string, size: number, at: number, pixels: RawPixels | null): Uint8Array | null {
  const data = inlineBytes(instance, `${group}3000`);
  if (data) return unpack(data, at * size, size);
  // Retired, but still sent: the plane is one bit of the pixel cells (PS3.5 §8.1.1).
  const position = number(instance, `${group}0102`) ?? 0;
  if (position === 0 || !pixels || pixels instanceof Float32Array || pixels instanceof Float64Array || pixels.length !== size) return null;
  return Uint8Array.from(pixels, (cell) => (cell >> position) & 1);
}

/** The group whose plane is a bitmap shutter and no overlay (PS3.3 C.7.6.15). */
function shutterGroup(instance: DicomInstance): string | null {
  if (text(instance, '00181600') !== 'BITMAP') return null;
  const group = (number(instance, '00181623') ?? 0).toString(16);
  return GROUPS.includes(group) ? group : null;
}

function overlayPlane(instance: DicomInstance, group: string, frame: number, pixels: RawPixels | null): OverlayPlane | null {
  const [rows, columns] = [number(instance, `${group}0010`), number(instance, `${group}0011`)];
  const at = overlayFrame(instance, group, frame);
  if (rows === null || columns === null || rows < 1 || columns < 1 || at === null) return null;
  const bits = bitsOf(instance, group, rows * columns, at, pixels);
  const [top = 1, left = 1] = numbers(instance, `${group}0050`) ?? [];
  return bits?.includes(1) === true ? { rows, columns, top: top - 1, left: left - 1, bits } : null;
}

/** What a bitmap shutter covers: a plane as large as the image, set where nothing is to be seen; null when there is none. */
export function shutterPlane(instance: DicomInstance, frame: number, rows: number, columns: number, pixels: RawPixels | null): OverlayPlane | null {
  const group = shutterGroup(instance);
  const plane = group === null ? null : overlayPlane(instance, group, frame, pixels);
  return plane?.rows === rows && plane.columns === columns ? { ...plane, top: 0, left: 0 } : null;
}

/**
 * The overlay planes of one frame (1-based).
 * @param pixels raw cells of the frame, for planes kept in unused bits of them
 */
export function overlayPlanes(instance: DicomInstance, frame: number, pixels: RawPixels | null): readonly OverlayPlane[] {
  const shutter = shutterGroup(instance);
  return GROUPS.flatMap((group) => (group === shutter ? [] : (overlayPlane(instance, group, frame, pixels) ?? [])));
}

/** A plane, and the colour that it is painted in. */
export interface PaintedPlane {
  readonly plane: OverlayPlane;
  readonly colour: Rgb;
}

const WHITE: Rgb = [255, 255, 255];

/** Planes painted on a transparent page as large as the image, white over what is `beneath` them; null when there is nothing. */
export function overlayRgba(planes: readonly OverlayPlane[], rows: number, columns: number, beneath: PaintedPlane | null = null): Uint8ClampedArray<ArrayBuffer> | null {
  const all = [...(beneath ? [beneath] : []), ...planes.map((plane) => ({ plane, colour: WHITE }))];
  if (all.length === 0) return null;
  const rgba = new Uint8ClampedArray(rows * columns * 4);
  for (const { plane, colour } of all) {
    plane.bits.forEach((bit, at) => {
      const [row, column] = [Math.floor(at / plane.columns) + plane.top, (at % plane.columns) + plane.left];
      if (bit === 1 && row >= 0 && row < rows && column >= 0 && column < columns) rgba.set([...colour, 255], (row * columns + column) * 4);
    });
  }
  return rgba;
}
