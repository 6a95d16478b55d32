/** A structured report as a tree of things to read: headings, texts, numbers with their units (PS3.3 C.17.3, PS3.16). */
import { items, numbers, text, texts } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';

export interface Code {
  readonly meaning: string;
  readonly value: string;
  readonly scheme: string;
}

/** An image, wave or other object that a content item names. */
export interface Reference {
  readonly sopInstanceUid: string;
  readonly sopClassUid: string;
  /** 1-based; null: the whole instance. */
  readonly frame: number | null;
}

export interface ContentItem {
  readonly valueType: string;
  readonly relationship: string;
  /** What it says something about; null where the writer left it out. */
  readonly concept: Code | null;
  /** As written, dates and numbers too: a report is never reworded. Null: a heading, a picture, or no value. */
  readonly value: string | null;
  readonly code: Code | null;
  /** Of a number. */
  readonly unit: Code | null;
  /** Why there is no number (PS3.3 C.18.1: Numeric Value Qualifier Code Sequence). */
  readonly qualifier: Code | null;
  readonly references: readonly Reference[];
  /** A shape drawn on an image, e.g. `POLYLINE`; empty otherwise. */
  readonly shape: string;
  readonly children: readonly ContentItem[];
}

export interface Verification {
  readonly name: string;
  readonly organization: string;
  /** DT as stored. */
  readonly moment: string;
}

export interface Report {
  readonly title: string;
  readonly complete: boolean | null;
  readonly verified: boolean;
  readonly verifications: readonly Verification[];
  /** Content Date and Time as stored. */
  readonly date: string;
  readonly time: string;
  readonly content: readonly ContentItem[];
}

/** A peer's document may nest without end; nobody reads below this. */
const DEEPEST = 64;

/** The first item of a code sequence (PS3.3 8.8); null when it names nothing. */
export function codeOf(instance: DicomInstance, sequence: string): Code | null {
  const [item] = items(instance, sequence);
  if (!item) return null;
  const value = text(item, '00080100') || text(item, '00080119') || text(item, '00080120');
  const meaning = text(item, '00080104') || value;
  return meaning === '' ? null : { meaning, value, scheme: text(item, '00080102') };
}

const VALUE_OF: Readonly<Record<string, string>> = {
  TEXT: '0040A160', DATETIME: '0040A120', DATE: '0040A121', TIME: '0040A122', UIDREF: '0040A124', PNAME: '0040A123',
};

function referencesOf(item: DicomInstance): readonly Reference[] {
  return items(item, '00081199').map((one) => ({
    sopClassUid: text(one, '00081150'), sopInstanceUid: text(one, '00081155'), frame: numbers(one, '00081160')?.[0] ?? null,
  }));
}

function numberOf(item: DicomInstance): Pick<ContentItem, 'value' | 'unit' | 'qualifier'> {
  const [measured] = items(item, '0040A300');
  const qualifier = codeOf(item, '0040A301');
  if (!measured) return { value: null, unit: null, qualifier };
  return { value: texts(measured, '0040A30A')[0] ?? null, unit: codeOf(measured, '004008EA'), qualifier };
}

function contentItem(item: DicomInstance, depth: number): ContentItem {
  const valueType = text(item, '0040A040');
  const valueTag = VALUE_OF[valueType];
  const plain = { value: valueTag === undefined ? null : (texts(item, valueTag)[0] ?? null), unit: null, qualifier: null };
  return {
    valueType,
    relationship: text(item, '0040A010'),
    concept: codeOf(item, '0040A043'),
    ...(valueType === 'NUM' ? numberOf(item) : plain),
    code: valueType === 'CODE' ? codeOf(item, '0040A168') : null,
    references: referencesOf(item),
    shape: valueType === 'SCOORD' || valueType === 'SCOORD3D' ? text(item, '00700023') : '',
    children: depth < DEEPEST ? content(item, depth + 1) : [],
  };
}

function content(parent: DicomInstance, depth: number): readonly ContentItem[] {
  return items(parent, '0040A730').map((item) => contentItem(item, depth));
}

/** The document of one SR instance (PS3.3 C.17.2). */
export function report(instance: DicomInstance): Report {
  const completion = text(instance, '0040A491');
  return {
    title: codeOf(instance, '0040A043')?.meaning ?? text(instance, Tag.SeriesDescription),
    complete: completion === '' ? null : completion === 'COMPLETE',
    verified: text(instance, '0040A493') === 'VERIFIED',
    verifications: items(instance, '0040A073').map((one) => ({
      name: text(one, '0040A075'), organization: text(one, '0040A027'), moment: text(one, '0040A030'),
    })),
    date: text(instance, '00080023'),
    time: text(instance, '00080033'),
    content: content(instance, 1),
  };
}

/** Every image that a report speaks of, once, in the order of the document. */
export function referencedImages(items_: readonly ContentItem[]): readonly Reference[] {
  const found = new Map<string, Reference>();
  const visit = (item: ContentItem): void => {
    if (item.valueType === 'IMAGE') for (const one of item.references) found.set(`${one.sopInstanceUid}/${one.frame ?? ''}`, one);
    item.children.forEach(visit);
  };
  items_.forEach(visit);
  return [...found.values()];
}
