/** The volume in three dimensions: turned with the pointer, with presets and cuts; a picture to find the way, not to measure. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { effect } from '@preact/signals';

import { directionLetters } from '../../../core/geometry';
import { middle } from '../../../core/volume/grid';
import { fitScale, UPRIGHT } from '../../../core/volume/planes';
import { HOUNSFIELD_PRESETS, type RenderPreset, windowPresets } from '../../../core/volume/transfer';
import { scaled, type Vector } from '../../../core/volume/vector';
import { LONGEST, NoGraphicsError, RayCaster } from '../../../volume/ray_caster';
import type { Layer } from './layer';
import { PatientCorner } from './plane_overlay';
import type { VolumeSession } from './session';
import { vt } from './texts';

const RADIANS_PER_PIXEL = Math.PI / 360;
const KEY_TURN = Math.PI / 18;
const TURNS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Most pixels drawn at rest, and while the volume turns. */
const PIXELS = { rest: 700_000, moving: 90_000 } as const;
const SETTLED_MS = 250;
const FURTHEST = 1.15;

type State = 'loading' | 'ready' | 'no_graphics';

function presetsOf(layer: Layer): readonly RenderPreset[] {
  const voi = layer.voi.value;
  if (layer.unit.value === 'HU') return HOUNSFIELD_PRESETS;
  return voi ? windowPresets(voi) : [];
}

export function RenderView({ session, layer }: { readonly session: VolumeSession; readonly layer: Layer }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>('loading');
  useCaster(session, layer, host, setState);
  const { camera } = session;
  const { right, down } = camera.plane.value;
  const drag = useRef<readonly [number, number] | null>(null);
  const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const move = (act: () => void): void => {
    camera.moving.value = true;
    act();
    clearTimeout(rest.current);
    if (!drag.current) rest.current = setTimeout(() => { camera.moving.value = false; }, SETTLED_MS);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const turn = TURNS[event.key];
    if (!turn) return;
    event.preventDefault();
    event.stopPropagation();
    move(() => camera.turn(turn[0] * KEY_TURN, turn[1] * KEY_TURN));
  };
  const edges = { left: scaled(right, -1), right, top: scaled(down, -1), bottom: down };
  return (
    <div class="render" data-render={state}>
      <div
        ref={host} class="render-host" role="img" tabIndex={0} aria-label={vt('volume.render.picture')} onKeyDown={onKeyDown}
        onPointerDown={(event) => { drag.current = [event.clientX, event.clientY]; event.currentTarget.setPointerCapture(event.pointerId); }}
        onPointerMove={(event) => {
          if (!drag.current) return;
          const [x, y] = drag.current;
          drag.current = [event.clientX, event.clientY];
          move(() => camera.turn((event.clientX - x) * RADIANS_PER_PIXEL, (event.clientY - y) * RADIANS_PER_PIXEL));
        }}
        onPointerUp={() => { drag.current = null; camera.moving.value = false; }}
        onPointerCancel={() => { drag.current = null; camera.moving.value = false; }}
        onWheel={(event) => { event.preventDefault(); move(() => camera.zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1)); }}
        onContextMenu={(event) => event.preventDefault()}
      />
      {state === 'ready' && (
        <div class="overlay">
          <PatientCorner set={layer.set} />
          <div class="corner bottom-right">
            {layer.grid.missing + layer.load.value.lost > 0 && <span class="quality" data-quality="partial">{vt('volume.render.missing', { count: layer.grid.missing + layer.load.value.lost })}</span>}
            <span class="quality" data-quality="partial">{vt('volume.render.mark')}</span>
          </div>
          {(['left', 'right', 'top', 'bottom'] as const).map((edge) => <span key={edge} class={`edge ${edge}`}>{directionLetters(edges[edge])}</span>)}
        </div>
      )}
      {state === 'loading' && <div class="render-message"><div class="spinner" role="status" aria-label={vt('volume.render.loading')} /></div>}
      {state === 'no_graphics' && <p class="render-message" role="alert">{vt('volume.render.no_graphics')}</p>}
      <RenderControls session={session} layer={layer} />
    </div>
  );
}

/** Make the picture when all slices are there, and keep it as the camera says. */
function useCaster(session: VolumeSession, layer: Layer, host: { readonly current: HTMLDivElement | null }, setState: (state: State) => void): void {
  const [attempt, setAttempt] = useState(0);
  const complete = layer.complete;
  useEffect(() => {
    const element = host.current;
    if (!element || !complete) return;
    const canvas = document.createElement('canvas');
    element.append(canvas);
    const stops: (() => void)[] = [() => canvas.remove()];
    let stopped = false;
    const fail = (): void => { if (!stopped) setState('no_graphics'); };
    // A graphics driver may take the context away; it is made anew once.
    const onLost = (): void => { if (!stopped && attempt === 0) setAttempt(1); else fail(); };
    canvas.addEventListener('webglcontextlost', onLost);
    const begin = async (): Promise<void> => {
      const { values, size } = await layer.client.texture(LONGEST);
      if (stopped) return;
      const caster = new RayCaster(canvas, layer.grid);
      stops.unshift(() => caster.destroy());
      caster.fill(values, size);
      stops.unshift(keepDrawn(session, layer, caster, canvas, element));
      setState('ready');
    };
    begin().catch((reason: unknown) => {
      if (reason instanceof NoGraphicsError) console.warn('No 3D picture', reason.message);
      fail();
    });
    return () => {
      stopped = true;
      canvas.removeEventListener('webglcontextlost', onLost);
      for (const stop of stops) stop();
    };
  }, [session, layer, complete, attempt]);
}

function keepDrawn(session: VolumeSession, layer: Layer, caster: RayCaster, canvas: HTMLCanvasElement, host: HTMLElement): () => void {
  const { camera } = session;
  const centre: Vector = middle(layer.grid);
  let frame = 0;
  const draw = (): void => {
    const presets = presetsOf(layer);
    const preset = presets.find(({ name }) => name === camera.preset.peek()) ?? presets[0];
    const voi = preset?.projection ? session.projection.ofAll(layer) : layer.voi.peek();
    const { clientWidth, clientHeight } = host;
    if (!voi || !preset || clientWidth === 0) return;
    const most = camera.moving.peek() ? PIXELS.moving : PIXELS.rest;
    const density = Math.min(devicePixelRatio, Math.sqrt(most / (clientWidth * clientHeight)));
    const [width, height] = [Math.max(1, Math.round(clientWidth * density)), Math.max(1, Math.round(clientHeight * density))];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    // The whole volume fits, from wherever it is seen first.
    const fit = Math.max(...Object.values(UPRIGHT).map((plane) => fitScale(layer.grid, plane, width, height))) * FURTHEST;
    const scale = fit / camera.zoom.peek();
    const plane = camera.plane.peek();
    caster.draw({
      plane, centre, scale, clip: camera.clip.peek(), preset, voi, inverse: layer.inverse.peek() !== session.inverted.peek(), coarse: camera.moving.peek(),
    });
    const view = { width, height, scale, centre, right: plane.right, down: plane.down };
    if (!camera.moving.peek()) host.dataset['drawn'] = JSON.stringify({ ...view, preset: preset.name, clip: camera.clip.peek() });
  };
  const later = (): void => {
    delete host.dataset['drawn']; // what is told is always what is on the canvas
    frame ||= requestAnimationFrame(() => { frame = 0; draw(); });
  };
  const observer = new ResizeObserver(later);
  observer.observe(host);
  const stop = effect(() => {
    const all = [camera.plane.value, camera.zoom.value, camera.clip.value, camera.preset.value, camera.moving.value, layer.voi.value, session.projection.whole.value, session.inverted.value];
    if (all.length > 0) later();
  });
  return () => {
    stop();
    observer.disconnect();
    cancelAnimationFrame(frame);
  };
}

const VIEWS = [
  ['front', UPRIGHT.coronal],
  ['left', UPRIGHT.sagittal],
  ['feet', UPRIGHT.axial],
] as const;

function RenderControls({ session, layer }: { readonly session: VolumeSession; readonly layer: Layer }): JSX.Element {
  const { camera } = session;
  const presets = presetsOf(layer);
  const chosen = presets.find(({ name }) => name === camera.preset.value) ?? presets[0];
  const { grid } = layer;
  const axes = [grid.toColumn, grid.toRow, grid.toSlot] as const;
  return (
    <div class="render-controls">
      <select
        name="render-preset" aria-label={vt('volume.render.preset')} value={chosen?.name}
        onChange={(event) => { camera.preset.value = presets.find(({ name }) => name === event.currentTarget.value)?.name ?? null; }}
      >
        {presets.map(({ name }) => <option key={name} value={name}>{vt(`volume.render.preset.${name}`)}</option>)}
      </select>
      <div class="render-sides" role="group" aria-label={vt('volume.render.from')}>
        {VIEWS.map(([name, plane]) => (
          <button key={name} type="button" class="button small" onClick={() => camera.look(plane)}>{vt(`volume.render.from.${name}`)}</button>
        ))}
      </div>
      <fieldset class="render-cuts">
        <legend>{vt('volume.render.cuts')}</legend>
        {([0, 1, 2] as const).flatMap((axis) => ([0, 1] as const).map((end) => {
          const side = directionLetters(scaled(axes[axis], (end === 0 ? -1 : 1) / Math.hypot(...axes[axis])));
          const value = camera.clip.value[axis][end];
          return (
            <label key={`${axis}${end}`}>
              <span>{side}</span>
              <input
                type="range" min="0" max="100" name={`cut-${axis}-${end}`} value={Math.round((end === 0 ? value : 1 - value) * 100)}
                aria-label={vt('volume.render.cut_from', { side })} onInput={(event) => {
                  const part = event.currentTarget.valueAsNumber / 100;
                  camera.cut(axis, end, end === 0 ? part : 1 - part);
                }}
              />
            </label>
          );
        }))}
        <button type="button" class="button small" onClick={() => camera.reset()}>{vt('volume.render.reset')}</button>
      </fieldset>
    </div>
  );
}
