/** What an instance is that is not read as a stack of images, by its SOP class (PS3.4 B.5, PS3.6 A). */
import { number, text, texts } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';

export type ObjectKind =
  | 'report' | 'pdf' | 'waveform' | 'segmentation' | 'structures' | 'dose' | 'video' | 'slide'
  | 'key_objects' | 'presentation' | 'document' | 'registration' | 'radiotherapy';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

/** The longest fitting prefix is not needed: what is special stands before its family. */
const KINDS: readonly (readonly [string, ObjectKind])[] = [
  ['88.59', 'key_objects'],
  ['88.', 'report'],
  ['104.1', 'pdf'],
  ['104.', 'document'],
  ['11.', 'presentation'],
  ['9.', 'waveform'],
  ['66.4', 'segmentation'],
  ['66.7', 'segmentation'],
  ['66.', 'registration'],
  ['481.3', 'structures'],
  ['481.2', 'dose'],
  ['481.', 'radiotherapy'],
  ['77.1.6', 'slide'],
];

/** Transfer syntaxes whose pixels are a film, not frames that can be had one by one (PS3.5 A.4.5 to A.4.10). */
const MOVING = /^1\.2\.840\.10008\.1\.2\.4\.10[0-8](\.1)?$/;

/** RT Image, an image as any other. */
const RT_IMAGE = `${STORAGE}481.1`;

function hasPixels(instance: DicomInstance): boolean {
  return instance[Tag.PixelData] !== undefined;
}

function fits(sopClass: string, entry: string): boolean {
  return entry.endsWith('.') ? sopClass.startsWith(STORAGE + entry) : sopClass === STORAGE + entry;
}

/** A part of a whole slide image, not its label or an overview of the glass (PS3.3 C.8.12.4.1.1). */
export function isSlideLevel(instance: DicomInstance): boolean {
  const flavor = texts(instance, Tag.ImageType)[2] ?? 'VOLUME';
  return text(instance, Tag.SOPClassUID) === `${STORAGE}77.1.6` && flavor !== 'LABEL' && flavor !== 'OVERVIEW'
    && number(instance, '00480006') !== null;
}

/** The kind of all instances of a SOP class; null: images, or nothing known. */
export function kindOfSopClass(sopClass: string): ObjectKind | null {
  return sopClass === RT_IMAGE ? null : (KINDS.find(([entry]) => fits(sopClass, entry))?.[1] ?? null);
}

/** The kind of an instance; null: an image, or nothing known. */
export function kindOfObject(instance: DicomInstance): ObjectKind | null {
  if (hasPixels(instance) && MOVING.test(text(instance, Tag.AvailableTransferSyntaxUID))) return 'video';
  const kind = kindOfSopClass(text(instance, Tag.SOPClassUID));
  if (kind === 'slide') return isSlideLevel(instance) ? kind : null;
  return kind;
}

/** True for what lies over the images of another series rather than being looked at alone. */
export function isLayer(kind: ObjectKind | null): boolean {
  return kind === 'segmentation' || kind === 'structures' || kind === 'dose';
}
