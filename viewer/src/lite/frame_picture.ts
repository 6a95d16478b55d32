/** A decoded frame as a picture to draw; the table of a window is computed once and kept while it is the same. */
import { type DecodedFrame, displayValues, type GrayscaleFrame } from '../core/frame';
import { displayTable, type GrayscaleParameters, modalityTable, type VoiTransform } from '../core/grayscale';
import type { Picture } from './renderer';

/** Two frames of a stack usually share everything that the table depends on. */
function sameTable(one: GrayscaleParameters, other: GrayscaleParameters): boolean {
  const [a, b] = [one.format, other.format];
  const format = a.bitsAllocated === b.bitsAllocated && a.bitsStored === b.bitsStored && a.highBit === b.highBit && a.signed === b.signed;
  const padding = one.padding?.low === other.padding?.low && one.padding?.high === other.padding?.high;
  const [m, n] = [one.modality, other.modality];
  const modality = m.kind === 'linear' && n.kind === 'linear' ? m.slope === n.slope && m.intercept === n.intercept : m === n;
  return format && padding && modality;
}

function sameTransform(one: VoiTransform, other: VoiTransform): boolean {
  if (one.kind === 'table' || other.kind === 'table') return one.kind === 'table' && other.kind === 'table' && one.table === other.table;
  return one.voi.center === other.voi.center && one.voi.width === other.voi.width && one.voi.function === other.voi.function;
}

export class FramePictures {
  private parameters: GrayscaleParameters | null = null;
  private modality: Float64Array = new Float64Array(0);
  private transform: VoiTransform | null = null;
  private inverse = false;
  private table = new Uint8Array(0);
  private last: { frame: DecodedFrame; transform: VoiTransform | null; inverted: boolean; picture: Picture } | null = null;

  /** @param inverted the user turned the polarity round */
  picture(frame: DecodedFrame, transform: VoiTransform | null, inverted: boolean): Picture {
    const { last } = this;
    if (last?.frame === frame && last.transform === transform && last.inverted === inverted) return last.picture;
    const picture = frame.kind === 'colour' || !transform ? colourPicture(frame, inverted) : this.grayscale(frame, transform, inverted);
    this.last = { frame, transform, inverted, picture };
    return picture;
  }

  private grayscale(frame: GrayscaleFrame, transform: VoiTransform, inverted: boolean): Picture {
    const { pixels, format } = frame;
    const size = { width: format.columns, height: format.rows };
    if (!(pixels instanceof Uint8Array || pixels instanceof Uint16Array)) {
      return { kind: 'colour', ...size, rgba: grayRgba(displayValues(frame, transform, inverted)), inverted: false };
    }
    const inverse = frame.parameters.inverse !== inverted;
    const known = this.parameters !== null && sameTable(this.parameters, frame.parameters);
    if (!known) this.modality = modalityTable(frame.parameters);
    if (!known || this.transform === null || !sameTransform(this.transform, transform) || this.inverse !== inverse) {
      this.table = displayTable(this.modality, transform, inverse);
    }
    [this.parameters, this.transform, this.inverse] = [frame.parameters, transform, inverse];
    return { kind: 'indexed', ...size, pixels, table: this.table };
  }
}

function colourPicture(frame: DecodedFrame, inverted: boolean): Picture {
  if (frame.kind !== 'colour') throw new TypeError('a grayscale frame needs a window');
  return { kind: 'colour', width: frame.format.columns, height: frame.format.rows, rgba: frame.rgba, inverted };
}

function grayRgba(values: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(values.length * 4);
  for (let at = 0; at < values.length; at += 1) rgba.fill(values[at] ?? 0, at * 4, at * 4 + 3);
  for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
  return rgba;
}
