/** Waves on their paper, with a caliper (PS3.3 A.34, C.10.9). */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import { fetchBulk } from '../../../core/client';
import type { DicomInstance } from '../../../core/display_set';
import { caliperReading, pixelsPerSecond, type WavePaper } from '../../../core/wave_paper';
import { millivolts, waveformGroup, type WaveformGroup, waveformGroups, waveformNotes } from '../../../core/waveform';
import { formatDecimal } from '../../../i18n/dates';
import { formatNumber } from '../../../i18n/locale';
import { ObjectFrame } from './frame';
import type { ObjectProps } from './object_view';
import { obt } from './texts';
import { type Caliper, drawWaves, MARGIN_MM, paperSize, pointAt } from './wave_drawing';

const SPEEDS = [12.5, 25, 50, 100] as const;
const GAINS = [2.5, 5, 10, 20, 40] as const;
/** Screen pixels of a square's side; a real ruler on the screen says something else, and the page says so. */
const PIXELS_PER_MM = 4;
const FIT = 'fit';

export function WaveformView({ instance, kind }: ObjectProps): JSX.Element {
  const [chosen, setChosen] = useState(0);
  const [speed, setSpeed] = useState<number | typeof FIT>(25);
  const [gain, setGain] = useState<number>(10);
  const { groups, failed } = useGroups(instance);
  const notes = useMemo(() => waveformNotes(instance), [instance]);
  const group = groups?.[chosen];
  return (
    <ObjectFrame instance={instance} kind={kind}>
      {failed && <p class="object-message" role="alert">{obt('wave.refused')}</p>}
      {!failed && !group && <div class="object-message"><div class="spinner" role="status" aria-label={obt('object.loading')} /></div>}
      {groups && group && (
        <div class="waves">
          <div class="wave-settings">
            {groups.length > 1 && (
              <label>
                {obt('wave.groups')}
                <select value={chosen} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
                  {groups.map(({ label }, at) => <option key={at} value={at}>{label || obt('wave.recording', { number: at + 1 })}</option>)}
                </select>
              </label>
            )}
            <label>
              {obt('wave.speed')}
              <select value={speed} onChange={({ currentTarget: { value } }) => setSpeed(value === FIT ? FIT : Number(value))}>
                {SPEEDS.map((one) => <option key={one} value={one}>{obt('wave.speed_value', { value: formatNumber(one) })}</option>)}
                <option value={FIT}>{obt('wave.fit')}</option>
              </select>
            </label>
            {group.channels.some(({ unit }) => millivolts(unit) !== null) && (
              <label>
                {obt('wave.gain')}
                <select value={gain} onChange={(event) => setGain(Number(event.currentTarget.value))}>
                  {GAINS.map((one) => <option key={one} value={one}>{obt('wave.gain_value', { value: formatNumber(one) })}</option>)}
                </select>
              </label>
            )}
          </div>
          <Paper key={chosen} group={group} speed={speed} gain={gain} />
          {notes.length > 0 && (
            <details class="wave-notes">
              <summary>{obt('wave.notes')}</summary>
              <dl>{notes.map(({ name, value, unit }, at) => <div key={at}><dt>{name}</dt><dd>{[value, unit].filter(Boolean).join(' ')}</dd></div>)}</dl>
            </details>
          )}
        </div>
      )}
    </ObjectFrame>
  );
}

function useGroups(instance: DicomInstance): { readonly groups: readonly WaveformGroup[] | null; readonly failed: boolean } {
  const [groups, setGroups] = useState<readonly WaveformGroup[] | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      const found = await Promise.all(waveformGroups(instance).map(async ({ group, data }) => waveformGroup(group, await fetchBulk(data, abort.signal))));
      if (found.length === 0) throw new RangeError('no waveform');
      setGroups(found);
    };
    load().catch(() => { if (!abort.signal.aborted) setFailed(true); });
    return () => abort.abort();
  }, [instance]);
  return { groups, failed };
}

interface PaperProps {
  readonly group: WaveformGroup;
  readonly speed: number | typeof FIT;
  readonly gain: number;
}

function Paper({ group, speed, gain }: PaperProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [caliper, setCaliper] = useState<Caliper | null>(null);
  const seconds = group.samples / group.frequency;
  const fitting = Math.max((size.width / PIXELS_PER_MM - MARGIN_MM) / seconds, 0.01);
  const paper: WavePaper = { speed: speed === FIT ? fitting : speed, gain, pixelsPerMm: PIXELS_PER_MM };
  const whole = paperSize(group, paper);

  const draw = (): void => {
    if (!scroller.current || !canvas.current) return;
    const { scrollLeft: left, scrollTop: top, clientWidth: width, clientHeight: height } = scroller.current;
    if (width > 0 && height > 0) drawWaves(canvas.current, group, paper, { left, top, width, height }, caliper);
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => { if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height }); });
    if (scroller.current) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(draw);

  const place = (event: PointerEvent, held?: number): ReturnType<typeof pointAt> => {
    if (!scroller.current || !canvas.current) return null;
    const box = canvas.current.getBoundingClientRect();
    return pointAt(group, paper, event.clientX - box.left + scroller.current.scrollLeft, event.clientY - box.top + scroller.current.scrollTop, held);
  };
  const onPointerDown = (event: PointerEvent): void => {
    const start = event.button === 0 ? place(event) : null;
    if (!start) return;
    canvas.current?.setPointerCapture(event.pointerId);
    setCaliper({ channel: start.channel, from: start.point, to: start.point });
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (!caliper || canvas.current?.hasPointerCapture(event.pointerId) !== true) return;
    const now = place(event, caliper.channel);
    if (now) setCaliper({ ...caliper, to: now.point });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moved = caliperByKey(event, caliper, group, paper);
    if (moved === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setCaliper(moved);
  };
  return (
    <>
      <div ref={scroller} class="wave-paper" onScroll={draw}>
        <div class="wave-extent" style={{ width: `${whole.width}px`, height: `${whole.height}px` }}>
          <canvas
            ref={canvas} class="wave-canvas" tabIndex={0} role="img" style={{ width: `${size.width}px`, height: `${size.height}px` }}
            aria-label={obt('wave.plot', { channels: group.channels.length, seconds: formatDecimal(seconds, 1) })}
            data-pixels-per-second={pixelsPerSecond(paper)} onPointerDown={onPointerDown} onPointerMove={onPointerMove} onKeyDown={onKeyDown}
          />
        </div>
      </div>
      <Reading group={group} caliper={caliper} />
    </>
  );
}

/** Arrow keys move the second line by a sample, with Shift the first; up and down move its height; undefined: another key. */
function caliperByKey(event: KeyboardEvent, caliper: Caliper | null, group: WaveformGroup, paper: WavePaper): Caliper | null | undefined {
  if (event.key === 'Escape' && caliper) return null;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return undefined;
  const start = { seconds: 0, value: 0 };
  const now = caliper ?? { channel: 0, from: start, to: start };
  const unit = millivolts(group.channels[now.channel]?.unit ?? '') ?? 1;
  const moved = now[event.shiftKey ? 'from' : 'to'];
  const least = Math.max(1, Math.round(group.frequency / pixelsPerSecond(paper)));
  const seconds = Math.min(Math.max(moved.seconds + ((step[0] ?? 0) * least) / group.frequency, 0), (group.samples - 1) / group.frequency);
  const value = moved.value + (step[1] ?? 0) * (0.05 / unit);
  return { ...now, [event.shiftKey ? 'from' : 'to']: { seconds, value } };
}

function Reading({ group, caliper }: { readonly group: WaveformGroup; readonly caliper: Caliper | null }): JSX.Element {
  const uncalibrated = group.channels.some(({ unit }) => unit === '');
  const channel = caliper ? group.channels[caliper.channel] : undefined;
  if (!caliper || !channel) {
    return <p class="wave-reading hint">{[obt('wave.caliper_hint'), obt('wave.screen'), uncalibrated ? obt('wave.uncalibrated') : ''].filter(Boolean).join(' ')}</p>;
  }
  const { milliseconds, rate, amplitude } = caliperReading(caliper.from, caliper.to);
  const volts = millivolts(channel.unit);
  const height = channel.unit === '' ? obt('wave.no_amplitude')
    : volts === null ? `${formatDecimal(amplitude, 2)} ${channel.unit}` : `${formatDecimal(amplitude * volts, 2)} mV`;
  return (
    <dl class="wave-reading" aria-label={obt('wave.caliper')} aria-live="polite">
      <div><dt>{obt('wave.time')}</dt><dd data-reading="time">{obt('wave.milliseconds', { value: formatDecimal(milliseconds, 0) })}</dd></div>
      <div><dt>{obt('wave.rate')}</dt><dd data-reading="rate">{rate === null ? '–' : obt('wave.rate_value', { value: formatDecimal(rate, 0) })}</dd></div>
      <div><dt>{obt('wave.amplitude')}</dt><dd data-reading="amplitude">{height}</dd></div>
    </dl>
  );
}
