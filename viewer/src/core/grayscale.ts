/** The grayscale pipeline: stored bits → modality values → VOI → polarity → 8-bit display values (PS3.3 C.11, C.7.6.3). */
import { frameScope, items, number, numbers, text } from './attribute';
import type { DicomInstance } from './display_set';
import { lookUp, type LookupTable, lookupTable } from './lookup_table';
import { type PixelFormat, storedValue } from './pixel_format';
import { Tag } from './tag';
import type { Voi } from './viewport';
import { fullRange, isValid, tabled, voiFunction, windowed } from './voi';

/** Stored values to modality values (PS3.3 C.11.1): a table, or slope and intercept. */
export type ModalityTransform =
  | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number }
  | { readonly kind: 'table'; readonly table: LookupTable };

/** What maps modality values to the display: a window, or the header's VOI LUT. */
export type VoiTransform = { readonly kind: 'window'; readonly voi: Voi } | { readonly kind: 'table'; readonly table: LookupTable };

/** All that a header says about the display of one grayscale frame. */
export interface GrayscaleParameters {
  readonly format: PixelFormat;
  readonly modality: ModalityTransform;
  /** Unit of the modality values: `HU`, `US` (unspecified), …; empty when not known. */
  readonly unit: string;
  /** The header's windows, the default first. */
  readonly windows: readonly Voi[];
  /** The header's VOI LUT; used by default only where there is no window. */
  readonly voiTable: LookupTable | null;
  /** The polarity of the header: MONOCHROME1 or Presentation LUT Shape INVERSE. */
  readonly inverse: boolean;
  /** Stored values that are no image, ends included (PS3.3 C.7.5.1.1.2); always shown black. */
  readonly padding: { readonly low: number; readonly high: number } | null;
}

function modalityTransform(instance: DicomInstance, frame: number, signed: boolean): ModalityTransform {
  const item = items(instance, Tag.ModalityLUTSequence)[0];
  const table = item ? lookupTable(item, signed) : null;
  if (table) return { kind: 'table', table };
  const scope = frameScope(instance, frame, Tag.PixelValueTransformationSequence);
  const slope = number(scope, Tag.RescaleSlope);
  return { kind: 'linear', slope: slope === null || slope === 0 ? 1 : slope, intercept: number(scope, Tag.RescaleIntercept) ?? 0 };
}

function modalityUnit(instance: DicomInstance, frame: number): string {
  const item = items(instance, Tag.ModalityLUTSequence)[0];
  if (item) return text(item, Tag.ModalityLUTType);
  const scope = frameScope(instance, frame, Tag.PixelValueTransformationSequence);
  const type = text(scope, Tag.RescaleType);
  if (type !== '') return type === 'US' ? '' : type;
  // C.8.2.1.1.2: the unit of a CT image that names none is HU.
  if (text(instance, Tag.Modality) === 'CT' && number(scope, Tag.RescaleSlope) !== null) return 'HU';
  return text(instance, Tag.Modality) === 'PT' ? text(instance, Tag.Units) : '';
}

function headerWindows(instance: DicomInstance, frame: number): readonly Voi[] {
  const scope = frameScope(instance, frame, Tag.FrameVOILUTSequence);
  const centers = numbers(scope, Tag.WindowCenter) ?? [];
  const widths = numbers(scope, Tag.WindowWidth) ?? [];
  const named = voiFunction(text(scope, Tag.VOILUTFunction));
  return centers.map((center, at) => ({ center, width: widths[at] ?? Number.NaN, function: named })).filter(isValid);
}

/** Smallest modality value below zero? Then the first value mapped of a VOI LUT is signed (PS3.3 C.11.2.1.1). */
function modalitySigned(modality: ModalityTransform, format: PixelFormat): boolean {
  if (modality.kind === 'table') return false;
  const ends = format.signed ? [-(2 ** (format.bitsStored - 1)), 2 ** (format.bitsStored - 1) - 1] : [0, 2 ** format.bitsStored - 1];
  return ends.some((end) => end * modality.slope + modality.intercept < 0);
}

/** Padding values as signed as the pixels are, whatever VR the writer gave them. */
function padding(instance: DicomInstance, format: PixelFormat): GrayscaleParameters['padding'] {
  const value = number(instance, Tag.PixelPaddingValue);
  if (value === null || format.float) return null;
  const limit = number(instance, Tag.PixelPaddingRangeLimit) ?? value;
  const plain = { ...format, highBit: format.bitsStored - 1 };
  const stored = [value, limit].map((end) => storedValue(end < 0 ? end + 2 ** format.bitsAllocated : end, plain));
  return { low: Math.min(...stored), high: Math.max(...stored) };
}

/**
 * MONOCHROME1 (PS3.3 C.7.6.3.1.2) or Presentation LUT Shape INVERSE, both together once. MONOCHROME1 with IDENTITY contradicts
 * itself (C.7.6.1): what every image must state goes before what it may. A presentation state's shape goes before either.
 */
function polarity(instance: DicomInstance, format: PixelFormat): boolean {
  return text(instance, Tag.PresentationLUTShape) === 'INVERSE' || format.photometric === 'MONOCHROME1';
}

/** Read the display parameters of one frame (1-based); per-frame functional groups go before the data set itself. */
export function grayscaleParameters(instance: DicomInstance, frame: number, format: PixelFormat): GrayscaleParameters {
  const modality = modalityTransform(instance, frame, format.signed);
  const item = items(instance, Tag.VOILUTSequence)[0];
  return {
    format,
    modality,
    unit: modalityUnit(instance, frame),
    windows: headerWindows(instance, frame),
    voiTable: item ? lookupTable(item, modalitySigned(modality, format)) : null,
    inverse: polarity(instance, format),
    padding: padding(instance, format),
  };
}

/** The modality value (HU, …) of a stored value (PS3.3 C.11.1.1). */
export function modalityValue(stored: number, modality: ModalityTransform): number {
  return modality.kind === 'table' ? lookUp(modality.table, stored) : stored * modality.slope + modality.intercept;
}

/** True when a stored value is padding. */
export function isPadding(stored: number, parameters: GrayscaleParameters): boolean {
  return parameters.padding !== null && stored >= parameters.padding.low && stored <= parameters.padding.high;
}

/** Raw cells of one frame: bit patterns as delivered, or floats. */
export type RawPixels = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** Smallest and largest modality value of a frame, padding left out; null when everything is padding. */
export function modalityRange(pixels: RawPixels, parameters: GrayscaleParameters): { minimum: number; maximum: number } | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const include = (raw: number): void => {
    const stored = storedValue(raw, parameters.format);
    if (!Number.isFinite(stored) || isPadding(stored, parameters)) return;
    const value = modalityValue(stored, parameters.modality);
    if (value < low) low = value;
    if (value > high) high = value;
  };
  if (pixels instanceof Uint8Array || pixels instanceof Uint16Array) {
    const seen = new Uint8Array(pixels instanceof Uint8Array ? 256 : 65536);
    for (const raw of pixels) seen[raw] = 1;
    seen.forEach((present, raw) => {
      if (present === 1) include(raw);
    });
  } else pixels.forEach(include);
  return low <= high ? { minimum: low, maximum: high } : null;
}

/** The display a header asks for: its first window, else its VOI LUT, else the full range of the frame. */
export function defaultVoi(parameters: GrayscaleParameters, pixels: RawPixels): VoiTransform {
  const [voi] = parameters.windows;
  if (voi) return { kind: 'window', voi };
  if (parameters.voiTable) return { kind: 'table', table: parameters.voiTable };
  const range = modalityRange(pixels, parameters);
  return { kind: 'window', voi: range ? fullRange(range.minimum, range.maximum) : { center: 0.5, width: 1, function: 'LINEAR_EXACT' } };
}

/** The window that comes closest to a VOI LUT, as the start for changing it by hand. */
export function windowOfTable(table: LookupTable): Voi {
  return fullRange(table.firstMapped, table.firstMapped + table.entries.length - 1);
}

/**
 * Display values 0–255 of a modality value.
 * @param inverse the polarity to show: the header's, turned round when the user inverted.
 */
export function displayValue(value: number, transform: VoiTransform, inverse: boolean): number {
  const unit = transform.kind === 'window' ? windowed(value, transform.voi) : tabled(value, transform.table);
  return Math.floor((inverse ? 1 - unit : unit) * 255 + 0.5);
}

/** Modality value of every raw cell value, NaN for padding; 2^8 or 2^16 long. Only for 8 and 16 bits allocated. */
export function modalityTable(parameters: GrayscaleParameters): Float64Array {
  const table = new Float64Array(parameters.format.bitsAllocated > 8 ? 65536 : 256);
  for (let raw = 0; raw < table.length; raw += 1) {
    const stored = storedValue(raw, parameters.format);
    table[raw] = isPadding(stored, parameters) ? Number.NaN : modalityValue(stored, parameters.modality);
  }
  return table;
}

/** Display value 0–255 of every raw cell value of {@link modalityTable}; padding is black whatever the polarity. */
export function displayTable(modality: Float64Array, transform: VoiTransform, inverse: boolean): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(modality, (value) => (Number.isNaN(value) ? 0 : displayValue(value, transform, inverse)));
}

/** Display values of pixels too deep for a table (32 bits, floats). */
export function displayPixels(pixels: RawPixels, parameters: GrayscaleParameters, transform: VoiTransform, inverse: boolean): Uint8Array<ArrayBuffer> {
  const shown = new Uint8Array(pixels.length);
  pixels.forEach((raw, at) => {
    const stored = storedValue(raw, parameters.format);
    const hidden = !Number.isFinite(stored) || isPadding(stored, parameters);
    shown[at] = hidden ? 0 : displayValue(modalityValue(stored, parameters.modality), transform, inverse);
  });
  return shown;
}
