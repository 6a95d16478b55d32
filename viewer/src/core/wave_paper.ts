/** The paper that waves are drawn on, and what two points of it are apart (IEC 60601-2-25: 25 mm/s, 10 mm/mV). */
import { millivolts, type Channel } from './waveform';

export interface WavePaper {
  /** Millimetres of paper a second. */
  readonly speed: number;
  /** Millimetres of paper a millivolt. */
  readonly gain: number;
  /** CSS pixels that stand for a millimetre of paper. */
  readonly pixelsPerMm: number;
}

/** Height of a channel's strip, in millimetres of paper. */
export const STRIP_MM = 30;
/** What is no voltage fills so much of its strip. */
const FILLED_MM = 20;

/** Pixels a second. */
export function pixelsPerSecond({ speed, pixelsPerMm }: WavePaper): number {
  return speed * pixelsPerMm;
}

/** How the values of a channel stand on its strip. */
export interface ChannelScale {
  /** Pixels of one unit, upwards. */
  readonly pixels: number;
  /** The value that lies on the middle of the strip. */
  readonly middle: number;
}

export function channelScale(channel: Channel, paper: WavePaper): ChannelScale {
  const volts = millivolts(channel.unit);
  if (volts !== null) return { pixels: volts * paper.gain * paper.pixelsPerMm, middle: 0 };
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of channel.values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return { pixels: 1, middle: Number.isFinite(low) ? low : 0 };
  return { pixels: (FILLED_MM * paper.pixelsPerMm) / (high - low), middle: (low + high) / 2 };
}

/** Two points of a channel: seconds from the start, and its unit. */
export interface CaliperPoint {
  readonly seconds: number;
  readonly value: number;
}

export interface CaliperReading {
  readonly milliseconds: number;
  /** Beats a minute, were the points one beat apart; null when they are at one time. */
  readonly rate: number | null;
  /** In the unit of the channel. */
  readonly amplitude: number;
}

export function caliperReading(from: CaliperPoint, to: CaliperPoint): CaliperReading {
  const milliseconds = Math.abs(to.seconds - from.seconds) * 1000;
  return { milliseconds, rate: milliseconds > 0 ? 60_000 / milliseconds : null, amplitude: to.value - from.value };
}
