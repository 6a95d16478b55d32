/** Windows offered for an image: those of its own header, of HU where its values are HU, of SUV where it has them. */
import { texts } from '../../core/attribute';
import type { ImageReference } from '../../core/display_set';
import { grayscaleParameters } from '../../core/grayscale';
import { pixelFormat, isGrayscale } from '../../core/pixel_format';
import { PRESETS } from '../../core/preset';
import { suvScale } from '../../core/suv';
import type { ViewportState, Voi } from '../../core/viewport';
import { t } from '../../i18n/locale';
import { dt } from './drawing_texts';

const WINDOW_EXPLANATION = '00281055';
/** Upper ends of SUV windows. */
const SUV_ENDS = [5, 7, 10, 15] as const;

export interface OfferedPreset {
  readonly name: string;
  readonly key: string;
  readonly voi: Voi;
  /** What the window is called on screen: level and width of its own unit. */
  readonly shown: { readonly center: number; readonly width: number } | null;
}

/** The windows named by the header (PS3.3 C.11.2.1.2), after the first, which is the default and comes first. */
function ofHeader(image: ImageReference, windows: readonly Voi[]): OfferedPreset[] {
  const names = texts(image.instance, WINDOW_EXPLANATION);
  return windows.map((voi, at) => {
    const [name, unnamed] = [names[at] ?? '', dt('preset.header', { number: at + 1 })];
    return { name: name === '' ? unnamed : name, key: '', voi, shown: voi };
  });
}

/** What can be chosen for an image; those of HU and SUV have keys. */
export function presetsFor(image: ImageReference | undefined): readonly OfferedPreset[] {
  const format = image ? pixelFormat(image.instance) : null;
  if (!image || !format || !isGrayscale(format)) return [];
  const { unit, windows } = grayscaleParameters(image.instance, image.frame, format);
  const own = ofHeader(image, windows);
  if (unit === 'HU') return [...PRESETS.map(({ name, key, voi }) => ({ name: t(`preset.${name}`), key, voi, shown: voi })), ...own];
  const suv = suvScale(image.instance);
  if (suv === null || 'refused' in suv) return own;
  const ends = SUV_ENDS.map((most, at): OfferedPreset => {
    const width = most / suv.factor;
    return { name: dt('preset.suv', { most }), key: String(at + 1), voi: { center: width / 2, width, function: 'LINEAR_EXACT' }, shown: null };
  });
  return [...ends, ...own];
}

function imageOf({ displaySet, index }: ViewportState): ImageReference | undefined {
  return displaySet?.images[index];
}

export function presetsOf(state: ViewportState): readonly OfferedPreset[] {
  return presetsFor(imageOf(state));
}

/** The preset of a digit; null where the image has none: a window of HU says nothing of other values. */
export function presetOfKey(state: ViewportState, key: string): OfferedPreset | null {
  return presetsOf(state).find((preset) => preset.key === key) ?? null;
}
