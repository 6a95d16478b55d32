/** The layers over a cell's images, and their legend with a switch for each entry. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import { type Affine, compose } from '../../../core/affine';
import type { DisplaySet, ImageReference } from '../../../core/display_set';
import { sharedFrames } from '../factories';
import type { Cell } from '../cell';
import { type Layer, LayerRefusal, type Mark, readLayer } from './layer';
import { CursorValue } from './cursor_value';
import { type LayerLook, LOOK } from './layer_look';
import { Legend } from './legend';
import { obt } from './texts';
import '../../../styles/layers.css';

export function LayersView({ cell }: { readonly cell: Cell }): JSX.Element {
  const sets = cell.layers.value;
  const view = cell.view.value;
  const image = view?.displaySet?.images[view.index] ?? null;
  const placement = cell.viewport?.placement ?? null;
  const looks = cell.layerLooks.value;
  const remove = (set: DisplaySet): void => { cell.layers.value = cell.layers.peek().filter((one) => one !== set); };
  const change = (id: string) => (look: LayerLook): void => { cell.layerLooks.value = new Map(cell.layerLooks.peek()).set(id, look); };
  return (
    <>
      <div class="layers" data-layers={sets.length}>
        {sets.map((set) => (
          <LayerMarks key={set.id} set={set} image={image} placement={placement} look={looks.get(set.id) ?? LOOK} onRemove={() => remove(set)} onLook={change(set.id)} />
        ))}
      </div>
    </>
  );
}

interface LayerMarksProps {
  readonly set: DisplaySet;
  readonly image: ImageReference | null;
  readonly placement: Affine | null;
  readonly look: LayerLook;
  readonly onLook: (look: LayerLook) => void;
  readonly onRemove: () => void;
}

interface Found {
  readonly image: ImageReference;
  readonly marks: readonly Mark[];
}

export function reasonText(reason: unknown, name: string): string {
  return reason instanceof LayerRefusal ? obt(`layer.refused.${reason.reason}`) : obt('layer.failed', { name });
}

function LayerMarks({ set, image, placement, look, onLook, onRemove }: LayerMarksProps): JSX.Element {
  const { layer, refused } = useLayer(set);
  const found = useMarks(layer, image, look.lowest);
  /** Marks of another image are never drawn, however late they come. */
  const marks = found !== null && found.image === image ? found.marks : [];
  const seen = marks.filter(({ entry }) => !look.hidden.has(entry));
  const matrix = placement && `matrix(${placement.a} ${placement.b} ${placement.c} ${placement.d} ${placement.e} ${placement.f})`;
  return (
    <>
      {placement && seen.map((mark, at) => (mark.kind === 'picture'
        ? <Picture key={at} mark={mark} placement={placement} opacity={look.opacity} smooth={layer?.kind === 'dose'} /> : null))}
      {matrix !== null && seen.some(({ kind }) => kind === 'path') && (
        <svg class="layer-paths" aria-hidden="true" style={{ opacity: Math.min(1, look.opacity * 2) }}>
          <g transform={matrix} fill="none">
            {seen.map((mark, at) => (mark.kind === 'path'
              ? <path key={at} d={mark.path} stroke={mark.colour} stroke-width={mark.round ? 7 : 1.8} stroke-linecap="round" stroke-linejoin="round" vector-effect="non-scaling-stroke" data-entry={mark.entry} />
              : null))}
          </g>
        </svg>
      )}
      <Legend
        name={layer?.name ?? set.description} layer={layer} refused={refused} look={look} onLook={onLook} onRemove={onRemove}
        here={new Set(marks.map(({ entry }) => entry))} waiting={layer !== null && found?.image !== image}
        apart={layer !== null && image !== null && !layer.covers(image)}
      >
        {layer && image && placement && <CursorValue layer={layer} image={image} placement={placement} />}
      </Legend>
    </>
  );
}

function useLayer(set: DisplaySet): { readonly layer: Layer | null; readonly refused: string | null } {
  const [layer, setLayer] = useState<Layer | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    readLayer(set, sharedFrames(), abort.signal).then(setLayer, (reason: unknown) => {
      if (!abort.signal.aborted) setRefused(reasonText(reason, set.description));
    });
    return () => abort.abort();
  }, [set]);
  return { layer, refused };
}

function useMarks(layer: Layer | null, image: ImageReference | null, lowest: number): Found | null {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (!layer || !image) return undefined;
    const abort = new AbortController();
    layer.on(image, lowest, abort.signal).then(
      (marks) => { if (!abort.signal.aborted) setFound({ image, marks }); },
      (reason: unknown) => { if (!abort.signal.aborted) console.warn('A layer has no marks for this image', reason); },
    );
    return () => abort.abort();
  }, [layer, image, lowest]);
  return found;
}

interface PictureProps {
  readonly mark: Mark & { readonly kind: 'picture' };
  readonly placement: Affine;
  readonly opacity: number;
  readonly smooth: boolean;
}

function Picture({ mark, placement, opacity, smooth }: PictureProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useMemo(() => new ImageData(mark.rgba, mark.columns, mark.rows), [mark]);
  useLayoutEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(picture, 0, 0);
  }, [picture]);
  const { a, b, c, d, e, f } = compose(placement, mark.toImage);
  return (
    <canvas
      ref={canvas} class="layer-picture" width={mark.columns} height={mark.rows} data-entry={mark.entry} data-smooth={smooth}
      style={{ transform: `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})`, opacity }}
    />
  );
}
