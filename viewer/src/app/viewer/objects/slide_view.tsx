/** A whole slide to move about in (PS3.3 A.32.8). */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import { isLossy } from '../../../core/lossy';
import { fittedView, levelFor, objectivePower, type SlideLevel, slideLevels, type SlideView as View, zoomedSlide } from '../../../core/slide';
import { formatDecimal } from '../../../i18n/dates';
import { formatNumber, t } from '../../../i18n/locale';
import { Icon } from '../../icons';
import { sharedFrames } from '../factories';
import { ObjectFrame } from './frame';
import type { ObjectProps } from './object_view';
import { SlidePicture } from './slide_picture';
import { obt } from './texts';
import '../../../styles/slide.css';

const STEP = 1.5;
const WHEEL = 0.0016;
const PAN = 80;

export function SlideView({ instance, instances, kind }: ObjectProps): JSX.Element {
  const levels = useMemo(() => slideLevels(instances), [instances]);
  const [largest] = levels;
  return (
    <ObjectFrame instance={instance} kind={kind}>
      {largest
        ? <Slide levels={levels} largest={largest} power={objectivePower(instances)} lossy={instances.some(isLossy)} />
        : <p class="object-message" role="alert">{obt('slide.refused')}</p>}
    </ObjectFrame>
  );
}

interface SlideProps {
  readonly levels: readonly SlideLevel[];
  readonly largest: SlideLevel;
  readonly power: number | null;
  readonly lossy: boolean;
}

function Slide({ levels, largest, power, lossy }: SlideProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [screen, setScreen] = useState({ width: 0, height: 0 });
  const [view, setView] = useState<View | null>(null);
  const [drawn, setDrawn] = useState({ whole: false, failed: false });
  const [, setNews] = useState(0);
  const picture = useMemo(() => new SlidePicture(levels, sharedFrames(), () => setNews((count) => count + 1)), [levels]);
  const fitted = fittedView(largest, screen);
  const shown = view ?? fitted;
  useEffect(() => () => picture.close(), [picture]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => { if (entry) setScreen({ width: entry.contentRect.width, height: entry.contentRect.height }); });
    if (canvas.current?.parentElement) observer.observe(canvas.current.parentElement);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!canvas.current || screen.width < 1 || screen.height < 1) return;
    const whole = picture.draw(canvas.current, shown, screen);
    if (whole !== drawn.whole || picture.hasFailed !== drawn.failed) setDrawn({ whole, failed: picture.hasFailed });
  });

  const zoom = (factor: number, at: readonly [number, number] = [screen.width / 2, screen.height / 2]): void =>
    setView(zoomedSlide(shown, factor, at, screen, fitted.scale / 2));
  const pan = (dx: number, dy: number): void => setView({ ...shown, centre: [shown.centre[0] - dx / shown.scale, shown.centre[1] - dy / shown.scale] });
  const onKeyDown = (event: KeyboardEvent): void => {
    const done = slideKey(event.key, { zoom, pan, fit: () => setView(null) });
    if (!done || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    done();
  };
  const level = levels[levelFor(levels, shown.scale * (globalThis.devicePixelRatio || 1))] ?? largest;
  return (
    <div class="slide">
      <canvas
        ref={canvas} tabIndex={0} role="img" aria-label={obt('slide.label')} data-whole={drawn.whole} data-scale={shown.scale} data-columns={level.columns}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => { if (event.button === 0) canvas.current?.setPointerCapture(event.pointerId); }}
        onPointerMove={(event) => { if (canvas.current?.hasPointerCapture(event.pointerId) === true) pan(event.movementX, event.movementY); }}
        onWheel={(event) => {
          event.preventDefault();
          event.stopPropagation();
          const box = event.currentTarget.getBoundingClientRect();
          zoom(Math.exp(-event.deltaY * WHEEL), [event.clientX - box.left, event.clientY - box.top]);
        }}
      />
      <div class="slide-tools">
        <button type="button" class="icon-button" aria-label={obt('slide.zoom_in')} title={obt('slide.zoom_in')} onClick={() => zoom(STEP)}><Icon name="zoom" /></button>
        <button type="button" class="icon-button" aria-label={obt('slide.zoom_out')} title={obt('slide.zoom_out')} onClick={() => zoom(1 / STEP)}><Icon name="zoom_out" /></button>
        <button type="button" class="icon-button" aria-label={obt('slide.whole')} title={obt('slide.whole')} onClick={() => setView(null)}><Icon name="reset" /></button>
      </div>
      <div class="slide-facts number">
        <span>{obt('slide.level', { columns: formatNumber(level.columns), rows: formatNumber(level.rows) })}</span>
        {power !== null && <span>{obt('slide.magnification', { value: formatDecimal(power * shown.scale, 1) })}</span>}
        <span>{drawn.whole ? t(lossy ? 'quality.lossy' : 'quality.lossless') : t('quality.partial')}</span>
        {drawn.failed && <span role="alert" class="slide-failed">{obt('slide.failed')}</span>}
      </div>
      <Scale spacing={largest.spacing} scale={shown.scale} />
    </div>
  );
}

interface Moves {
  readonly zoom: (factor: number) => void;
  readonly pan: (dx: number, dy: number) => void;
  readonly fit: () => void;
}

function slideKey(key: string, { zoom, pan, fit }: Moves): (() => void) | null {
  switch (key) {
    case '+': case '=': return () => zoom(STEP);
    case '-': return () => zoom(1 / STEP);
    case '0': case 'Home': return fit;
    case 'ArrowLeft': return () => pan(PAN, 0);
    case 'ArrowRight': return () => pan(-PAN, 0);
    case 'ArrowUp': return () => pan(0, PAN);
    case 'ArrowDown': return () => pan(0, -PAN);
    default: return null;
  }
}

const LENGTHS_UM = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000] as const;
const LONGEST = 160;

function Scale({ spacing, scale }: { readonly spacing: number | null; readonly scale: number }): JSX.Element {
  const perMicrometre = spacing === null ? 0 : scale / (spacing * 1000);
  const length = LENGTHS_UM.findLast((one) => one * perMicrometre <= LONGEST);
  if (spacing === null || length === undefined || perMicrometre <= 0) return <div class="slide-scale">{obt('slide.no_scale')}</div>;
  const label = length >= 1000 ? `${formatNumber(length / 1000)} mm` : `${formatNumber(length)} µm`;
  return <div class="slide-scale" style={{ width: `${length * perMicrometre}px` }} data-length={length}><span>{label}</span></div>;
}
