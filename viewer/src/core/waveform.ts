/** Waveforms, such as an ECG, as physical values over time (PS3.3 C.10.9). */
import { items, number, text } from './attribute';
import type { DicomElement, DicomInstance } from './display_set';
import { codeOf } from './report';

export interface Channel {
  readonly label: string;
  /** In `unit`; NaN where the recorder wrote padding. */
  readonly values: Float32Array;
  /** UCUM, e.g. `uV`; empty: the file does not say how much a step is worth, so nothing may be read off it. */
  readonly unit: string;
}

/** Channels that were sampled together. */
export interface WaveformGroup {
  readonly label: string;
  /** Samples a second. */
  readonly frequency: number;
  readonly samples: number;
  readonly channels: readonly Channel[];
}

/** What the recorder or its program said of the wave (PS3.3 C.10.10). */
export interface WaveformNote {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
}

/** Sixteen hours of twelve leads at 1 kHz are not looked at in a browser; half an hour is. */
export const MOST_SAMPLES = 2 ** 25;

type Cell = (view: DataView, at: number) => number;
const CELLS: Readonly<Record<string, readonly [number, Cell]>> = {
  SB: [1, (view, at) => view.getInt8(at)],
  UB: [1, (view, at) => view.getUint8(at)],
  SS: [2, (view, at) => view.getInt16(at, true)],
  US: [2, (view, at) => view.getUint16(at, true)],
  SL: [4, (view, at) => view.getInt32(at, true)],
  UL: [4, (view, at) => view.getUint32(at, true)],
};

/** The groups of an instance with the element that holds the samples of each. */
export function waveformGroups(instance: DicomInstance): readonly { readonly group: DicomInstance; readonly data: DicomElement | undefined }[] {
  return items(instance, '54000100').map((group) => ({ group, data: group['54001010'] }));
}

/**
 * One group from its samples: sample × sensitivity × correction + baseline (C.10.9.1.4.2 to .5).
 * @throws RangeError when it is not what it says of itself, or coded as companded sound (MB, AB)
 */
export function waveformGroup(group: DicomInstance, bytes: Uint8Array): WaveformGroup {
  const [channels, samples] = [number(group, '003A0005') ?? 0, number(group, '003A0010') ?? 0];
  const frequency = number(group, '003A001A') ?? 0;
  const cell = CELLS[text(group, '54001006')];
  if (!cell || channels < 1 || samples < 1 || frequency <= 0) throw new RangeError('this coding of samples is not read');
  const [size, read] = cell;
  if (channels * samples > MOST_SAMPLES || bytes.byteLength < channels * samples * size) throw new RangeError('the samples are not those of the header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const padding = paddingOf(group, size, read);
  const definitions = items(group, '003A0200');
  return {
    label: text(group, '003A0020'),
    frequency,
    samples,
    channels: Array.from({ length: channels }, (_, at) => {
      const { scale, baseline, ...told } = definition(definitions[at] ?? {}, at);
      const values = Float32Array.from({ length: samples }, (__, sample) => {
        const stored = read(view, (sample * channels + at) * size);
        return stored === padding ? Number.NaN : stored * scale + baseline;
      });
      return { ...told, values };
    }),
  };
}

function paddingOf(group: DicomInstance, size: number, read: Cell): number | null {
  const encoded = group['5400100A']?.InlineBinary;
  if (typeof encoded !== 'string') return number(group, '5400100A');
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  return bytes.length >= size ? read(new DataView(bytes.buffer), 0) : null;
}

interface Definition {
  readonly label: string;
  readonly unit: string;
  readonly scale: number;
  readonly baseline: number;
}

function definition(channel: DicomInstance, at: number): Definition {
  const sensitivity = number(channel, '003A0210');
  const label = text(channel, '003A0203') || (codeOf(channel, '003A0208')?.meaning ?? String(at + 1));
  if (sensitivity === null) return { label, unit: '', scale: 1, baseline: 0 };
  return {
    label,
    unit: codeOf(channel, '003A0211')?.value ?? '',
    scale: sensitivity * (number(channel, '003A0212') ?? 1),
    baseline: number(channel, '003A0213') ?? 0,
  };
}

/** Short names of the leads as they stand on paper: `Lead I (Einthoven)` is `I`, `Lead aVR, augmented …` is `aVR`. */
export function leadName(label: string): string {
  return /^(?:Lead\s+)?(I{1,3}|aV[RLF]|V[1-9]R?)\b/i.exec(label)?.[1] ?? label;
}

/** Millivolts of one unit; null: no voltage. */
export function millivolts(unit: string): number | null {
  return { V: 1000, mV: 1, uV: 0.001, 'µV': 0.001, nV: 1e-6 }[unit] ?? null;
}

/** The texts and measured values beside the wave, those without either left out. */
export function waveformNotes(instance: DicomInstance): readonly WaveformNote[] {
  return items(instance, '0040B020').flatMap((one) => {
    const name = codeOf(one, '0040A043')?.meaning ?? '';
    const value = text(one, '0040A30A') || text(one, '00700006') || (codeOf(one, '0040A168')?.meaning ?? '');
    return value === '' ? [] : [{ name, value, unit: codeOf(one, '004008EA')?.value ?? '' }];
  });
}
