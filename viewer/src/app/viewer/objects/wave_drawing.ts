/** Draws the waves of one group on the part of the paper that is in sight. */
import { type CaliperPoint, channelScale, pixelsPerSecond, STRIP_MM, type WavePaper } from '../../../core/wave_paper';
import { leadName, millivolts, type Channel, type WaveformGroup } from '../../../core/waveform';

/** Left of the first sample: the calibration pulse and the names of the channels. */
export const MARGIN_MM = 14;
const PULSE_MM = 5;
const COLOURS = {
  paper: '#0b0d10', fine: 'rgb(255 132 120 / 13%)', coarse: 'rgb(255 132 120 / 30%)', wave: '#e8ecf1', name: '#b5d9ff', caliper: '#f4bf62',
} as const;

export interface Caliper {
  readonly channel: number;
  readonly from: CaliperPoint;
  readonly to: CaliperPoint;
}

/** What of the paper is in sight, in CSS pixels. */
export interface Sight {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function paperSize(group: WaveformGroup, paper: WavePaper): { readonly width: number; readonly height: number } {
  const seconds = group.samples / group.frequency;
  return { width: MARGIN_MM * paper.pixelsPerMm + seconds * pixelsPerSecond(paper), height: group.channels.length * STRIP_MM * paper.pixelsPerMm };
}

/** Where a point of the paper lies on a channel; null above and below the strips. */
export function pointAt(group: WaveformGroup, paper: WavePaper, x: number, y: number, held?: number): { readonly channel: number; readonly point: CaliperPoint } | null {
  const strip = STRIP_MM * paper.pixelsPerMm;
  const channel = held ?? Math.floor(y / strip);
  const wave = group.channels[channel];
  if (!wave) return null;
  const { pixels, middle } = channelScale(wave, paper);
  const seconds = (x - MARGIN_MM * paper.pixelsPerMm) / pixelsPerSecond(paper);
  const sample = Math.min(Math.max(Math.round(seconds * group.frequency), 0), group.samples - 1);
  return { channel, point: { seconds: sample / group.frequency, value: middle - (y - (channel + 0.5) * strip) / pixels } };
}

function grid(context: CanvasRenderingContext2D, { left, top, width, height }: Sight, pixelsPerMm: number): void {
  for (const [every, colour] of [[1, COLOURS.fine], [5, COLOURS.coarse]] as const) {
    const step = every * pixelsPerMm;
    if (step < 3) continue;
    context.strokeStyle = colour;
    context.beginPath();
    for (let x = Math.ceil(left / step) * step; x <= left + width; x += step) {
      context.moveTo(Math.round(x - left) + 0.5, 0);
      context.lineTo(Math.round(x - left) + 0.5, height);
    }
    for (let y = Math.ceil(top / step) * step; y <= top + height; y += step) {
      context.moveTo(0, Math.round(y - top) + 0.5);
      context.lineTo(width, Math.round(y - top) + 0.5);
    }
    context.stroke();
  }
}

/** A line through the samples; where several share a column of pixels, from the lowest to the highest of them. */
function trace(context: CanvasRenderingContext2D, channel: Channel, frequency: number, place: { readonly origin: number; readonly perSecond: number; readonly width: number }, y: (value: number) => number): void {
  const { origin, perSecond, width } = place;
  const perColumn = frequency / perSecond;
  const first = Math.max(0, Math.floor((-origin / perSecond) * frequency) - 1);
  const last = Math.min(channel.values.length - 1, Math.ceil(((width - origin) / perSecond) * frequency) + 1);
  context.strokeStyle = COLOURS.wave;
  context.beginPath();
  const step = Math.max(1, Math.floor(perColumn));
  let drawing = false;
  for (let sample = first; sample <= last; sample += step) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = sample; at < Math.min(sample + step, last + 1); at += 1) {
      const value = channel.values[at] ?? Number.NaN;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (high < low) {
      drawing = false;
      continue;
    }
    const x = origin + (sample / frequency) * perSecond;
    if (drawing) context.lineTo(x, y(low));
    else context.moveTo(x, y(low));
    if (high !== low) context.lineTo(x, y(high));
    drawing = true;
  }
  context.stroke();
}

/** One millivolt, as on paper: who sees it knows the gain. */
function pulse(context: CanvasRenderingContext2D, x: number, y: number, { gain, pixelsPerMm }: WavePaper): void {
  const [wide, high] = [PULSE_MM * pixelsPerMm, gain * pixelsPerMm];
  context.strokeStyle = COLOURS.wave;
  context.beginPath();
  context.moveTo(x - wide * 0.3, y);
  context.lineTo(x, y);
  context.lineTo(x, y - high);
  context.lineTo(x + wide, y - high);
  context.lineTo(x + wide, y);
  context.lineTo(x + wide * 1.3, y);
  context.stroke();
}

function caliperLines(context: CanvasRenderingContext2D, caliper: Caliper, group: WaveformGroup, sight: Sight, paper: WavePaper): void {
  const wave = group.channels[caliper.channel];
  if (!wave) return;
  const { pixels, middle } = channelScale(wave, paper);
  const strip = STRIP_MM * paper.pixelsPerMm;
  const points = [caliper.from, caliper.to].map(({ seconds, value }) => [
    MARGIN_MM * paper.pixelsPerMm + seconds * pixelsPerSecond(paper) - sight.left,
    (caliper.channel + 0.5) * strip - (value - middle) * pixels - sight.top,
  ] as const);
  context.strokeStyle = COLOURS.caliper;
  context.beginPath();
  for (const [x, y] of points) {
    context.moveTo(x, 0);
    context.lineTo(x, sight.height);
    context.moveTo(x - 10, y);
    context.lineTo(x + 10, y);
  }
  context.stroke();
}

export function drawWaves(canvas: HTMLCanvasElement, group: WaveformGroup, paper: WavePaper, sight: Sight, caliper: Caliper | null): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const [width, height] = [Math.round(sight.width * ratio), Math.round(sight.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, sight.width, sight.height);
  context.lineWidth = 1;
  grid(context, sight, paper.pixelsPerMm);
  const strip = STRIP_MM * paper.pixelsPerMm;
  const origin = MARGIN_MM * paper.pixelsPerMm - sight.left;
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  context.font = `600 13px ${getComputedStyle(canvas).fontFamily}`;
  group.channels.forEach((channel, at) => {
    const middle = (at + 0.5) * strip - sight.top;
    if (middle < -2 * strip || middle > sight.height + 2 * strip) return;
    const scale = channelScale(channel, paper);
    const isVoltage = millivolts(channel.unit) !== null;
    if (isVoltage) pulse(context, origin - 9 * paper.pixelsPerMm, middle, paper);
    trace(context, channel, group.frequency, { origin, perSecond: pixelsPerSecond(paper), width: sight.width }, (value) => middle - (value - scale.middle) * scale.pixels);
    const name = isVoltage ? leadName(channel.label) : [channel.label, channel.unit && `(${channel.unit})`].filter(Boolean).join(' ');
    context.fillStyle = COLOURS.name;
    context.fillText(name, 6, middle - strip / 2 + 16);
  });
  if (caliper) caliperLines(context, caliper, group, sight, paper);
}
