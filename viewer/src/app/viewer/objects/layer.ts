/** What lies over the images of a cell, of whichever kind: its entries, and what of them is on one image. */
import type { Affine } from '../../../core/affine';
import type { DisplaySet, ImageReference } from '../../../core/display_set';
import { doseAt, doseGrid, type DoseGrid, doseOn, doseRefusal } from '../../../core/dose';
import type { FrameSource } from '../../../core/frame';
import { imageReferences } from '../../../core/display_sets';
import type { Point } from '../../../core/geometry';
import { css, type Rgb, scaleColour } from '../../../core/layer_colour';
import { number, text } from '../../../core/attribute';
import { kindOfObject } from '../../../core/object_kind';
import { isSameFrameOfReference, planeOf, toPatient } from '../../../core/plane_map';
import { storedValue } from '../../../core/pixel_format';
import { membership, segmentRgba, segmentationType, SegmentationPlaces, fractionalMeaning, segments } from '../../../core/segmentation';
import { StructurePlaces, structures } from '../../../core/structure_set';
import { Tag } from '../../../core/tag';
import { formatDecimal } from '../../../i18n/dates';
import { formatNumber } from '../../../i18n/locale';
import { obt } from './texts';

export interface LayerEntry {
  readonly number: number;
  readonly name: string;
  readonly colour: Rgb;
  /** Who drew it, when that was no person. */
  readonly remark: string;
}

/** What is drawn of one entry on one image. */
export type Mark =
  | { readonly kind: 'picture'; readonly entry: number; readonly columns: number; readonly rows: number; readonly rgba: Uint8ClampedArray<ArrayBuffer>; readonly toImage: Affine }
  | { readonly kind: 'path'; readonly entry: number; readonly path: string; readonly colour: string; readonly round: boolean };

/** The scale of a colour wash. */
export interface LayerScale {
  readonly maximum: number;
  readonly unit: string;
}

export interface Layer {
  readonly id: string;
  readonly name: string;
  readonly kind: 'segmentation' | 'structures' | 'dose';
  readonly entries: readonly LayerEntry[];
  readonly remark: string;
  readonly scale: LayerScale | null;
  /** What lies at a place of the image, as a part of the scale's maximum; null: nothing is known there. Only of a colour wash. */
  readonly valueAt: ((image: ImageReference, point: Point) => number | null) | null;
  /** False: this layer has nothing to do with the image. */
  covers(image: ImageReference): boolean;
  /** @param lowest of a colour wash, as a part of its maximum: what is below is not shown */
  on(image: ImageReference, lowest: number, signal: AbortSignal): Promise<readonly Mark[]>;
}

/** A part of the scale in its unit. */
export function amountText({ maximum, unit }: LayerScale, part: number): string {
  return unit === '' ? obt('layer.percent', { value: formatNumber(Math.round(part * 100)) }) : obt('layer.gray', { value: formatDecimal(maximum * part, 2) });
}

/** Why a layer cannot be drawn; a catalogue key. */
export class LayerRefusal extends Error {
  constructor(readonly reason: 'geometry' | 'scaling' | 'size' | 'no_images' | 'frame_of_reference') {
    super(reason);
  }
}

function madeBy(algorithm: string | null): string {
  if (algorithm === null) return '';
  return algorithm === '' ? obt('layer.by_algorithm_unnamed') : obt('layer.by_algorithm', { name: algorithm });
}

function segmentationLayer(set: DisplaySet, frames: FrameSource): Layer {
  const [instance = {}] = set.objects ?? [];
  const places = new SegmentationPlaces(instance);
  const all = segments(instance);
  const byNumber = new Map(all.map((one) => [one.number, one]));
  const fractional = segmentationType(instance) === 'fractional';
  return {
    id: text(instance, Tag.SOPInstanceUID),
    name: set.description || obt('layer.legend'),
    kind: 'segmentation',
    entries: all.map((one) => ({ number: one.number, name: one.label || obt('layer.unnamed', { number: one.number }), colour: one.colour, remark: madeBy(one.algorithm) })),
    remark: fractional ? obt(fractionalMeaning(instance) === 'occupancy' ? 'layer.occupancy' : 'layer.fraction') : '',
    scale: null,
    valueAt: null,
    covers: (image) => places.covers(image),
    on: async (image, _, signal) => {
      const found = await Promise.all(places.on(image).map(async ({ image: own, segment, toImage }): Promise<readonly Mark[]> => {
        const frame = await frames.load(own, 'interaction', signal);
        if (frame.kind !== 'grayscale') throw new LayerRefusal('geometry');
        const shown = segment === null ? all : [byNumber.get(segment) ?? []].flat();
        return shown.flatMap((one): readonly Mark[] => {
          const rgba = segmentRgba(frame.pixels, one, membership(instance, one));
          return rgba ? [{ kind: 'picture', entry: one.number, columns: frame.format.columns, rows: frame.format.rows, rgba, toImage }] : [];
        });
      }));
      return found.flat();
    },
  };
}

function structuresLayer(set: DisplaySet): Layer {
  const [instance = {}] = set.objects ?? [];
  const places = new StructurePlaces(instance);
  const all = structures(instance);
  const colours = new Map(all.map((one) => [one.number, css(one.colour)]));
  return {
    id: text(instance, Tag.SOPInstanceUID),
    name: text(instance, '30060002') || set.description || obt('layer.legend'),
    kind: 'structures',
    entries: all.map((one) => ({ number: one.number, name: one.name || obt('layer.unnamed_structure', { number: one.number }), colour: one.colour, remark: madeBy(one.algorithm) })),
    remark: '',
    scale: null,
    valueAt: null,
    covers: (image) => places.covers(image),
    on: (image) => Promise.resolve(places.on(image).map(({ structure, path, kind }) => ({
      kind: 'path', entry: structure, path, colour: colours.get(structure) ?? 'white', round: kind === 'point',
    }))),
  };
}

/** A dose varies slowly: a finer grid over the image shows nothing more. */
const WASH_SIDE = 256;
const WASH_ALPHA = 200;

function wash(grid: DoseGrid, image: ImageReference, lowest: number): readonly Mark[] {
  const [columns, rows] = [number(image.instance, Tag.Columns) ?? 1, number(image.instance, Tag.Rows) ?? 1];
  const part = Math.min(1, WASH_SIDE / Math.max(columns, rows));
  const [wide, high] = [Math.max(1, Math.round(columns * part)), Math.max(1, Math.round(rows * part))];
  const dose = doseOn(grid, image, wide, high);
  if (!dose || grid.maximum <= 0) return [];
  const rgba = new Uint8ClampedArray(wide * high * 4);
  let any = false;
  for (const [at, value] of dose.entries()) {
    const share = value / grid.maximum;
    if (!(share > 0) || share < lowest) continue;
    any = true;
    rgba.set([...scaleColour(share), WASH_ALPHA], at * 4);
  }
  return any ? [{ kind: 'picture', entry: 1, columns: wide, rows: high, rgba, toImage: { a: columns / wide, b: 0, c: 0, d: rows / high, e: 0, f: 0 } }] : [];
}

function shareAt(grid: DoseGrid, image: ImageReference, point: Point): number | null {
  const plane = planeOf(image.instance, image.frame);
  const [columns, rows] = [number(image.instance, Tag.Columns) ?? 0, number(image.instance, Tag.Rows) ?? 0];
  if (!(point[0] >= 0 && point[1] >= 0 && point[0] <= columns && point[1] <= rows)) return null;
  if (!plane || !isSameFrameOfReference(plane.frameOfReference, grid.plane.frameOfReference) || !(grid.maximum > 0)) return null;
  const dose = doseAt(grid, toPatient(plane, point));
  return Number.isNaN(dose) ? null : dose / grid.maximum;
}

async function doseLayer(set: DisplaySet, frames: FrameSource, signal: AbortSignal): Promise<Layer> {
  const [instance = {}] = set.objects ?? [];
  const refused = doseRefusal(instance);
  if (refused) throw new LayerRefusal(refused);
  const stored = await Promise.all(imageReferences(instance).map(async (image) => {
    const frame = await frames.load(image, 'thumbnail', signal);
    if (frame.kind !== 'grayscale') throw new LayerRefusal('scaling');
    return Float64Array.from(frame.pixels, (cell) => storedValue(cell, frame.format));
  }));
  const grid = doseGrid(instance, stored);
  const own = text(instance, Tag.FrameOfReferenceUID);
  return {
    id: text(instance, Tag.SOPInstanceUID),
    name: set.description || obt('layer.dose'),
    kind: 'dose',
    entries: [{ number: 1, name: obt('layer.dose'), colour: scaleColour(0.8), remark: text(instance, '30040004') }],
    remark: grid.unit === '' ? obt('layer.refused.units', { units: text(instance, '30040002') }) : '',
    scale: { maximum: grid.maximum, unit: grid.unit },
    valueAt: (image, point) => shareAt(grid, image, point),
    covers: ({ instance: image }) => own !== '' && text(image, Tag.FrameOfReferenceUID) === own,
    on: (image, lowest) => Promise.resolve(wash(grid, image, lowest)),
  };
}

/** @throws LayerRefusal, FrameError */
export async function readLayer(set: DisplaySet, frames: FrameSource, signal: AbortSignal): Promise<Layer> {
  switch (kindOfObject(set.objects?.[0] ?? {})) {
    case 'segmentation': return segmentationLayer(set, frames);
    case 'structures': return structuresLayer(set);
    case 'dose': return doseLayer(set, frames, signal);
    default: throw new LayerRefusal('geometry');
  }
}
