/** Amounts of bytes and of time, in the chosen language. */
import { locale } from './locale';

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
const STEP = 1000;

/** Bytes for reading, e.g. `1.5 GB`: units of a thousand, as disks are sold and file managers count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP - 0.5 && unit < BYTE_UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return new Intl.NumberFormat(locale.value, {
    style: 'unit', unit: BYTE_UNITS[unit] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

const TIME_UNITS = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]] as const;

/** A length of time in its largest unit, e.g. `3 minutes`; two units below a few of the larger one are not needed here. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [unit, length] = TIME_UNITS.find(([, size]) => whole >= size) ?? ['second', 1];
  return new Intl.NumberFormat(locale.value, {
    style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0, roundingMode: 'floor',
  }).format(whole / length);
}

/** Seconds since a moment, by the clock of this machine. */
export function secondsSince(iso: string, now: number = Date.now()): number {
  return Math.max(0, (now - new Date(iso).getTime()) / 1000);
}
