/** One plane through the volume: its picture, the crosshair, the lengths, and whose image it is. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { effect } from '@preact/signals';

import { type PlaneName, type PlaneView, fitScale, fromCanvas } from '../../../core/volume/planes';
import { scaled } from '../../../core/volume/vector';
import { cursorOf, gestureAt, Press } from './gestures';
import { PlaneMarks } from './plane_marks';
import { PlaneOverlay } from './plane_overlay';
import { colours, Painter, type Picture } from './painter';
import type { VolumeSession } from './session';
import { vt } from './texts';

/** Most pixels that are computed: more are not seen. */
const MOST_PIXELS = 1_600_000;
const COARSE = 2;

interface PlaneProps {
  readonly session: VolumeSession;
  readonly name: PlaneName;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export function PlaneCell({ session, name }: PlaneProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [drawn, setDrawn] = useState<Wish | null>(null);
  const [wanted, setWanted] = useState('');
  const press = useRef<Press | null>(null);
  const [cursor, setCursor] = useState('crosshair');

  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize({ width, height });
      session.fits.value = { ...session.fits.peek(), [name]: fitScale(session.grid, session.planes.peek()[name], width, height) };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [session, name]);
  usePicture(session, name, canvas, size, setWanted, setDrawn);

  const view = session.viewOf(name, size.width, size.height);
  const onPointerDown = (event: PointerEvent): void => {
    session.active.value = name;
    const gesture = gestureAt(session, name, view, event);
    const begun = session.pending.peek() !== null;
    host.current?.setPointerCapture(event.pointerId);
    press.current = new Press(session, name, () => session.viewOf(name, size.width, size.height), gesture, event.offsetX, event.offsetY, session.curve);
    press.current.secondClick = begun;
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (press.current) press.current.move(event.offsetX, event.offsetY);
    else setCursor(cursorOf(gestureAt(session, name, view, { ...place(event), button: 0 })));
  };
  const onPointerUp = (event: PointerEvent): void => {
    press.current?.end(event.offsetX, event.offsetY);
    press.current = null;
  };
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey) session.zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1);
    else session.scroll(name, event.deltaY > 0 ? 1 : -1);
  };
  return (
    <section
      class="plane" tabIndex={0} aria-label={vt(`volume.plane.${name}`)} data-plane={name} data-active={session.active.value === name}
      data-drawn={drawn === null ? undefined : drawnText(drawn.view)} data-settled={session.base?.complete === true && session.fusion.layer.value?.complete !== false && drawn?.key === wanted}
      onFocusCapture={() => { session.active.value = name; }}
    >
      <div
        ref={host} class="plane-host" style={{ cursor }} onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp}
        onPointerCancel={onPointerUp} onWheel={onWheel} onContextMenu={(event) => event.preventDefault()}
      >
        <canvas ref={canvas} />
      </div>
      {size.width > 0 && <PlaneMarks session={session} name={name} view={view} />}
      {size.width > 0 && <PlaneOverlay session={session} name={name} view={view} />}
    </section>
  );
}

function place({ offsetX, offsetY, shiftKey }: PointerEvent): Pick<PointerEvent, 'offsetX' | 'offsetY' | 'shiftKey'> {
  return { offsetX, offsetY, shiftKey };
}

/** Where the picture on the canvas lies, for who compares it: size, mm of a pixel, middle, directions. */
function drawnText({ width, height, scale, centre, plane }: PlaneView): string {
  return JSON.stringify({ width, height, scale, centre, right: plane.right, down: plane.down });
}

/** A view to be drawn, with everything that its values depend on. */
interface Wish {
  readonly view: PlaneView;
  readonly key: string;
}

/** Keep the canvas showing what the session asks for. */
function usePicture(
  session: VolumeSession, name: PlaneName, canvas: { readonly current: HTMLCanvasElement | null }, size: Size,
  onWanted: (key: string) => void, onDrawn: (wish: Wish) => void,
): void {
  const held = useMemo(() => ({ picture: null as Picture | null, size }), []);
  held.size = size;
  const painter = useMemo(() => new Painter<Wish>(async (wish) => {
    const picture = await fetchPicture(session, wish.view);
    held.picture = picture;
    paint(session, picture, canvas.current);
    onDrawn(wish);
  }), [session, name]);
  useEffect(() => effect(() => {
    const layer = session.base;
    if (!layer || size.width === 0) return;
    const slices = [layer.load.value.done, session.fusion.layer.value?.load.value.done, session.fusion.layer.value?.set.id];
    const density = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / (size.width * size.height)));
    const coarse = session.moving.value && session.slab.value !== 'thin' ? COARSE : 1;
    const [width, height] = [Math.round((size.width * density) / coarse), Math.round((size.height * density) / coarse)];
    const view = session.viewOf(name, width, height, size.width / width);
    const key = JSON.stringify([drawnText(view), slices, session.slab.value, session.thickness.value]);
    onWanted(key);
    painter.want({ view, key });
  }), [session, name, size]);
  useEffect(() => effect(() => {
    const looks = [session.base?.voi.value, session.inverted.value, session.fusion.layer.value?.voi.value, session.fusion.opacity.value];
    if (held.picture && looks.length > 0) paint(session, held.picture, canvas.current);
  }), [session, name]);
}

async function fetchPicture(session: VolumeSession, view: PlaneView): Promise<Picture> {
  const request = {
    columns: view.width, rows: view.height, origin: fromCanvas(view, 0.5, 0.5),
    toColumn: scaled(view.plane.right, view.scale), toRow: scaled(view.plane.down, view.scale),
    slab: session.slab.peek(), thickness: session.thickness.peek(), normal: session.normalOf(view.plane),
  };
  const { base } = session;
  if (!base) throw new Error('There is no volume');
  const [below, above] = await Promise.all([base.client.plane(request), session.fusion.layer.peek()?.client.plane(request) ?? null]);
  return { view, base: below.values, fused: above?.values ?? null };
}

function paint(session: VolumeSession, picture: Picture, canvas: HTMLCanvasElement | null): void {
  const layer = session.base;
  const voi = layer?.voi.peek();
  const context = canvas?.getContext('2d', { willReadFrequently: true });
  if (!layer || !voi || !context || !canvas) return;
  const { width, height } = picture.view;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const fusedVoi = session.fusion.layer.peek()?.voi.peek();
  const fused = picture.fused && fusedVoi ? { values: picture.fused, voi: fusedVoi, opacity: session.fusion.opacity.peek() } : null;
  const rgba = colours(picture, { voi, inverse: layer.inverse.peek() !== session.inverted.peek() }, fused);
  context.putImageData(new ImageData(rgba, width, height), 0, 0);
}
