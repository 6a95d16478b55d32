/**
 * An image as a softcopy presentation state shows it: the state's own way from stored values to the screen takes the place of
 * the image's (PS3.3 A.33.1, C.11.8, C.11.6, C.7.6.11; PS3.4 N.2.1).
 *
 * The result is an image whose header says that way, so that every renderer shows it by the one pipeline there is.
 */
import { frameScope, isInstance, items, number, numbers, text, texts } from './attribute';
import type { DicomElement, DicomInstance, ImageReference } from './display_set';
import { type PixelFormat, isGrayscale, pixelFormat } from './pixel_format';
import { Tag } from './tag';
import type { Voi } from './viewport';
import { fullRange, isValid, voiFunction } from './voi';

/** What of a state cannot be shown as it demands: then the image keeps its own way to the screen. */
export type StateGap = 'modality' | 'voi' | 'presentation_lut' | 'mask' | 'palette';

const REFERENCED_SERIES = '00081115';
const REFERENCED_IMAGES = '00081140';
const REFERENCED_INSTANCE = '00081155';
const REFERENCED_FRAMES = '00081160';
const SOFTCOPY_VOI = '00283110';
const PRESENTATION_LUT = '20500010';
const MASK_SUBTRACTION = '00286100';
const PSEUDO_COLOUR = '1.2.840.10008.5.1.4.1.1.11.3';
const SHUTTER_SHAPE = '00181600';
const SHUTTER = /^001816[0-2]/;
const OVERLAY = /^60[01][0-9A-Fa-f]/;
const FRAME_GROUPS = [Tag.PixelValueTransformationSequence, Tag.FrameVOILUTSequence, '00189472'];
const GREY = [
  Tag.WindowCenter, Tag.WindowWidth, Tag.VOILUTFunction, Tag.VOILUTSequence, Tag.PresentationLUTShape, Tag.PhotometricInterpretation,
];

function referencesOf(item: DicomInstance, image: ImageReference): boolean {
  return items(item, REFERENCED_IMAGES).some((reference) => {
    if (text(reference, REFERENCED_INSTANCE) !== image.sopInstanceUid) return false;
    const frames = numbers(reference, REFERENCED_FRAMES);
    return frames === null || frames.includes(image.frame);
  });
}

/** Whether a state is for an image. */
export function isFor(state: DicomInstance, image: ImageReference): boolean {
  return items(state, REFERENCED_SERIES).some((series) => referencesOf(series, image));
}

interface Linear {
  readonly slope: number;
  readonly intercept: number;
}

function linear(scope: DicomInstance): Linear {
  const slope = number(scope, Tag.RescaleSlope);
  return { slope: slope === null || slope === 0 ? 1 : slope, intercept: number(scope, Tag.RescaleIntercept) ?? 0 };
}

const table = (item: DicomInstance | undefined): string => JSON.stringify([item?.[Tag.LUTDescriptor]?.Value, item?.[Tag.LUTData]]);

/** From the values a state windows to those of the image itself: nothing of what is measured may change with a state. */
interface Conversion {
  readonly same: boolean;
  convert(voi: Voi): Voi;
}

function conversion(image: ImageReference, state: DicomInstance): Conversion | null {
  const { instance, frame } = image;
  const [own, stated] = [items(instance, Tag.ModalityLUTSequence)[0], items(state, Tag.ModalityLUTSequence)[0]];
  if (own || stated) return table(own) === table(stated) ? { same: true, convert: (voi) => voi } : null;
  const from = linear(state);
  const to = linear(frameScope(instance, frame, Tag.PixelValueTransformationSequence));
  if (from.slope === to.slope && from.intercept === to.intercept) return { same: true, convert: (voi) => voi };
  const factor = to.slope / from.slope;
  if (factor < 0) return null;
  const convert = (voi: Voi): Voi => {
    // LINEAR counts whole values (C.11.2.1.2.1): in other steps it is LINEAR_EXACT of the same edges.
    const { center, width, function: named } = voi.function === 'LINEAR'
      ? { center: voi.center - 0.5, width: Math.max(voi.width - 1, 1e-6), function: 'LINEAR_EXACT' as const } : voi;
    return { center: (center - from.intercept) * factor + to.intercept, width: width * factor, function: named };
  };
  return { same: false, convert };
}

/** Without a window in the state all values that could be are shown, from the least to the greatest (PS3.4 N.2.1.2). */
function everything(image: ImageReference, format: PixelFormat): Voi {
  const { instance, frame } = image;
  const ends = format.signed ? [-(2 ** (format.bitsStored - 1)), 2 ** (format.bitsStored - 1) - 1] : [0, 2 ** format.bitsStored - 1];
  const item = items(instance, Tag.ModalityLUTSequence)[0];
  if (item) return fullRange(0, 2 ** (numbers(item, Tag.LUTDescriptor)?.[2] ?? 16) - 1);
  const { slope, intercept } = linear(frameScope(instance, frame, Tag.PixelValueTransformationSequence));
  const values = ends.map((end) => end * slope + intercept);
  return fullRange(Math.min(...values), Math.max(...values));
}

const decimal = (value: number): DicomElement => ({ vr: 'DS', Value: [value] });
const codeString = (value: string): DicomElement => ({ vr: 'CS', Value: [value] });

function windowed({ center, width, function: named }: Voi): DicomInstance {
  return { [Tag.WindowCenter]: decimal(center), [Tag.WindowWidth]: decimal(width), [Tag.VOILUTFunction]: codeString(named) };
}

/** The VOI of a state for an image, as attributes of the image. */
function voiOf(image: ImageReference, state: DicomInstance, format: PixelFormat): DicomInstance | StateGap {
  const modality = conversion(image, state);
  if (!modality) return 'modality';
  const item = items(state, SOFTCOPY_VOI).find((one) => items(one, REFERENCED_IMAGES).length === 0 || referencesOf(one, image));
  if (!item) return windowed(everything(image, format));
  const [center, width] = [number(item, Tag.WindowCenter), number(item, Tag.WindowWidth)];
  if (center !== null && width !== null) {
    const voi = { center, width, function: voiFunction(text(item, Tag.VOILUTFunction)) };
    return isValid(voi) ? windowed(modality.convert(voi)) : 'voi';
  }
  const tables = item[Tag.VOILUTSequence];
  if (!tables || items(item, Tag.VOILUTSequence).length === 0) return 'voi';
  return modality.same ? { [Tag.VOILUTSequence]: tables } : 'modality';
}

function greyOf(image: ImageReference, state: DicomInstance, format: PixelFormat): DicomInstance | StateGap {
  if (items(state, PRESENTATION_LUT).length > 0) return 'presentation_lut';
  if (items(state, MASK_SUBTRACTION).length > 0) return 'mask';
  if (text(state, Tag.SOPClassUID) === PSEUDO_COLOUR) return 'palette';
  const voi = voiOf(image, state, format);
  if (typeof voi === 'string') return voi;
  // The photometric interpretation has no say in a state: the shape alone gives the polarity (PS3.4 N.2.1.3).
  const shape = text(state, Tag.PresentationLUTShape) === 'INVERSE' ? 'INVERSE' : 'IDENTITY';
  return { ...voi, [Tag.PhotometricInterpretation]: codeString('MONOCHROME2'), [Tag.PresentationLUTShape]: codeString(shape) };
}

/** Functional groups without those that a state overrules; only those of one frame matter to an image. */
function withoutGroups(element: DicomElement, at: number): DicomElement {
  const strip = (group: unknown): unknown => (isInstance(group)
    ? Object.fromEntries(Object.entries(group).filter(([tag]) => !FRAME_GROUPS.includes(tag))) : group);
  return { ...element, Value: (element.Value ?? []).map((group, place) => (place === at ? strip(group) : group)) };
}

/** The rescale of a frame is left where it is: only what a state overrules is taken out. */
function bare(image: ImageReference, grey: boolean): DicomInstance {
  const { instance, frame } = image;
  const gone = (tag: string): boolean => SHUTTER.test(tag) || (grey && (GREY as readonly string[]).includes(tag));
  const kept = Object.entries(instance).filter(([tag]) => !gone(tag));
  const grouped = grey ? frameScope(instance, frame, Tag.PixelValueTransformationSequence) : instance;
  const rescale = grouped === instance ? [] : [Tag.RescaleSlope, Tag.RescaleIntercept, Tag.RescaleType]
    .flatMap((tag) => { const element = grouped[tag]; return element ? [[tag, element] as const] : []; });
  const places: Readonly<Record<string, number>> = { [Tag.SharedFunctionalGroupsSequence]: 0, [Tag.PerFrameFunctionalGroupsSequence]: frame - 1 };
  const without = ([tag, element]: readonly [string, DicomElement]): readonly [string, DicomElement] => {
    const place = places[tag];
    return [tag, grey && place !== undefined ? withoutGroups(element, place) : element];
  };
  return Object.fromEntries([...kept.map(without), ...rescale]);
}

/** Overlays that the state puts into one of its layers; all others are not shown (C.11.7). */
function overlaysShown(state: DicomInstance, instance: DicomInstance): DicomInstance {
  const shown = (tag: string): boolean => !OVERLAY.test(tag) || text(state, `${tag.slice(0, 4)}1001`) !== '';
  return Object.fromEntries(Object.entries(instance).filter(([tag]) => shown(tag)));
}

/** Parts of a state beside the grey that are not shown: bitmaps of its own. */
export function unshownParts(state: DicomInstance): readonly ('shutter' | 'overlay')[] {
  const bitmap = texts(state, SHUTTER_SHAPE).includes('BITMAP');
  const own = Object.keys(state).some((tag) => OVERLAY.test(tag) && tag.slice(4) === '3000');
  return [...(bitmap ? ['shutter' as const] : []), ...(own && !bitmap ? ['overlay' as const] : [])];
}

/**
 * An image under a state; the same image where the state is not for it; a {@link StateGap} where it cannot be shown as demanded.
 * @param name the state's SOP Instance UID, which keeps its decoded frames apart from the image's own
 */
export function underState(image: ImageReference, state: DicomInstance, name: string): ImageReference | StateGap {
  if (!isFor(state, image)) return image;
  const format = pixelFormat(image.instance);
  if (!format) return image;
  const grey = isGrayscale(format);
  const stated = grey ? greyOf(image, state, format) : {};
  if (typeof stated === 'string') return stated;
  const shutter = texts(state, SHUTTER_SHAPE).includes('BITMAP') ? [] : Object.entries(state).filter(([tag]) => SHUTTER.test(tag));
  const instance = { ...overlaysShown(state, bare(image, grey)), ...Object.fromEntries(shutter), ...stated };
  return { ...image, instance, frameUrl: `${image.frameUrl}#${name}` };
}
