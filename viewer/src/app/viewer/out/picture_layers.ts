/** Segmentations, structures and doses on a picture that goes out, as the cell shows them, and the words that tell of them. */
import { type Affine, compose } from '../../../core/affine';
import type { DisplaySet } from '../../../core/display_set';
import { type Rgb, scaleColour } from '../../../core/layer_colour';
import { kindOfObject } from '../../../core/object_kind';
import { sharedFrames } from '../factories';
import { kindText } from '../objects/kind_text';
import { amountText, type Layer, LayerRefusal, type LayerScale, type Mark, readLayer } from '../objects/layer';
import type { LayerLook } from '../objects/layer_look';
import { obt } from '../objects/texts';
import type { Placed } from './placed';
import type { OutLayer, OutSubject } from './subject';
import { ot } from './texts';

/** A layer with what of it is on one image. */
export interface ReadLayer {
  readonly set: DisplaySet;
  readonly look: LayerLook;
  /** Null: it cannot be drawn, see `refused`. */
  readonly layer: Layer | null;
  readonly refused: string;
  readonly marks: readonly Mark[];
}

/** Read the layers over an image. @throws FrameError, DicomWebError: a picture that lacks what the screen shows is not made */
export function readLayers({ image, layers }: OutSubject): Promise<readonly ReadLayer[]> {
  const { signal } = new AbortController();
  return Promise.all(layers.map(async ({ set, look }: OutLayer): Promise<ReadLayer> => {
    try {
      const layer = await readLayer(set, sharedFrames(), signal);
      const marks = await layer.on(image, look.lowest, signal);
      return { set, look, layer, refused: layer.covers(image) ? '' : obt('layer.refused.frame_of_reference'), marks };
    } catch (reason) {
      if (!(reason instanceof LayerRefusal)) throw reason;
      return { set, look, layer: null, refused: obt(`layer.refused.${reason.reason}`), marks: [] };
    }
  }));
}

function seen({ look, marks }: ReadLayer): readonly Mark[] {
  return marks.filter(({ entry }) => !look.hidden.has(entry));
}

/** Draw the layers onto a picture: of each its areas, then its outlines. */
export function drawLayers(context: CanvasRenderingContext2D, layers: readonly ReadLayer[], { map, unit }: Placed): void {
  context.save();
  for (const read of layers) {
    for (const mark of seen(read)) if (mark.kind === 'picture') drawArea(context, mark, compose(map, mark.toImage), read.layer?.kind === 'dose', read.look.opacity);
    for (const mark of seen(read)) if (mark.kind === 'path') drawOutline(context, mark, map, unit, Math.min(1, read.look.opacity * 2));
  }
  context.restore();
}

function drawArea(context: CanvasRenderingContext2D, mark: Mark & { readonly kind: 'picture' }, map: Affine, smooth: boolean, opacity: number): void {
  const page = document.createElement('canvas');
  [page.width, page.height] = [mark.columns, mark.rows];
  page.getContext('2d')?.putImageData(new ImageData(mark.rgba, mark.columns, mark.rows), 0, 0);
  context.setTransform(map.a, map.b, map.c, map.d, map.e, map.f);
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = smooth;
  context.drawImage(page, 0, 0);
}

/** Lines are as thick as on the screen, however the pixels are shaped. */
function drawOutline(context: CanvasRenderingContext2D, mark: Mark & { readonly kind: 'path' }, map: Affine, unit: number, opacity: number): void {
  const placed = new Path2D();
  placed.addPath(new Path2D(mark.path), map);
  context.resetTransform();
  context.globalAlpha = opacity;
  context.strokeStyle = mark.colour;
  context.lineWidth = (mark.round ? 7 : 1.8) * unit;
  [context.lineCap, context.lineJoin] = ['round', 'round'];
  context.stroke(placed);
}

/** One line of the legend on a picture. */
export type LegendLine =
  | { readonly kind: 'name' | 'note'; readonly text: string }
  | { readonly kind: 'entry'; readonly text: string; readonly colour: Rgb }
  | { readonly kind: 'scale'; readonly ends: readonly [string, string]; readonly colours: readonly Rgb[] };

const SCALE_STEPS = 12;

/**
 * What a picture says of the layers over its image: what each colour means, what is switched off, what is not drawn and why.
 * @param drawn false: the layers are left out by choice, which is said
 * @param identified false: names that people gave them may be about the patient, so they are numbered
 */
export function legendLines(layers: readonly ReadLayer[], drawn: boolean, identified: boolean): readonly LegendLine[] {
  return layers.flatMap((one): readonly LegendLine[] => {
    const name = identified && one.layer ? one.layer.name : kindText(kindOfObject(one.set.objects?.[0] ?? {}));
    if (!drawn) return [{ kind: 'note', text: ot('layers.left_out', { name }) }];
    const head: LegendLine = { kind: 'name', text: name };
    if (!one.layer || one.refused !== '') return [head, { kind: 'note', text: one.refused }];
    return [head, ...entryLines(one, one.layer, identified), ...(one.layer.scale ? scaleLines(one.layer.scale, one.look) : [])];
  });
}

function entryLines({ look, marks }: ReadLayer, layer: Layer, identified: boolean): readonly LegendLine[] {
  const here = new Set(marks.map(({ entry }) => entry));
  const named = layer.entries.filter(({ number }) => here.has(number)).map((entry) => ({
    ...entry, text: identified || layer.kind === 'dose' ? [entry.name, entry.remark].filter(Boolean).join(' · ') : numbered(layer, entry.number),
  }));
  const shown = named.filter(({ number }) => !look.hidden.has(number));
  const hidden = named.filter(({ number }) => look.hidden.has(number));
  return [
    ...(layer.remark === '' ? [] : [{ kind: 'note', text: layer.remark } as const]),
    ...shown.map(({ text, colour }) => ({ kind: 'entry', text, colour } as const)),
    ...(hidden.length === 0 ? [] : [{ kind: 'note', text: ot('layers.switched_off', { names: hidden.map(({ text }) => text).join(', ') }) } as const]),
    ...(named.length > 0 ? [] : [{ kind: 'note', text: obt('layer.none_here') } as const]),
  ];
}

function numbered({ kind }: Layer, number: number): string {
  return obt(kind === 'structures' ? 'layer.unnamed_structure' : 'layer.unnamed', { number });
}

function scaleLines(scale: LayerScale, { lowest }: LayerLook): readonly LegendLine[] {
  const colours = Array.from({ length: SCALE_STEPS + 1 }, (_, at) => scaleColour(at / SCALE_STEPS));
  return [
    { kind: 'scale', ends: [amountText(scale, 0), amountText(scale, 1)], colours },
    { kind: 'note', text: ot('layers.from', { amount: amountText(scale, lowest) }) },
  ];
}
