/** What a series without pictures is, by SOP class (PS3.4 B.5), so that it can say so. */
import { isLayer, kindOfSopClass } from '../../core/object_kind';
import type { TextKey } from '../../i18n/catalogue';
import type { ManifestSeries } from '../api';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

const KINDS: readonly (readonly [string, Extract<TextKey, `kind.${string}`>])[] = [
  [`${STORAGE}104.1`, 'kind.pdf'],
  [`${STORAGE}104.`, 'kind.document'],
  [`${STORAGE}88.59`, 'kind.key_objects'],
  [`${STORAGE}88.`, 'kind.report'],
  [`${STORAGE}11.`, 'kind.presentation'],
  [`${STORAGE}66.4`, 'kind.segmentation'],
  [`${STORAGE}66.`, 'kind.registration'],
  [`${STORAGE}481.`, 'kind.radiotherapy'],
  [`${STORAGE}9.`, 'kind.waveform'],
  [`${STORAGE}77.1.1.1`, 'kind.video'],
  [`${STORAGE}77.1.2.1`, 'kind.video'],
  [`${STORAGE}77.1.4.1`, 'kind.video'],
];

/** The catalogue key of what the series holds; null for images. */
export function kindOfSeries(series: ManifestSeries): Extract<TextKey, `kind.${string}`> | null {
  if (series.representative) return null;
  const sopClass = series.instances[0]?.sop_class_uid ?? '';
  return KINDS.find(([prefix]) => (prefix.endsWith('.') ? sopClass.startsWith(prefix) : sopClass === prefix))?.[1] ?? 'kind.unsupported';
}

/** True for a series that lies over the images of another: a segmentation, structures, a dose. */
export function isLayerSeries(series: ManifestSeries): boolean {
  return isLayer(kindOfSopClass(series.instances[0]?.sop_class_uid ?? ''));
}
