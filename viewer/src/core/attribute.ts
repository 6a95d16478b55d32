/** Typed reading of DICOM JSON (PS3.18 F.2): whatever a header holds, what comes out has the type asked for, or nothing. */
import type { DicomElement, DicomInstance } from './display_set';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when the value looks like one DICOM JSON instance: an object of elements with a VR. */
export function isInstance(value: unknown): value is DicomInstance {
  return isRecord(value) && Object.values(value).every((element) => isRecord(element) && typeof element['vr'] === 'string');
}

function values(instance: DicomInstance, tag: string): readonly unknown[] {
  const element: DicomElement | undefined = instance[tag];
  return Array.isArray(element?.Value) ? element.Value : [];
}

/** All values as text; a person name gives its alphabetic group (F.2.2). Missing positions are empty. */
export function texts(instance: DicomInstance, tag: string): readonly string[] {
  return values(instance, tag).map((value) => {
    if (typeof value === 'string') return value.trim();
    if (typeof value === 'number') return String(value);
    if (isRecord(value) && typeof value['Alphabetic'] === 'string') return value['Alphabetic'].trim();
    return '';
  });
}

/** The first value as text; empty when there is none. */
export function text(instance: DicomInstance, tag: string): string {
  return texts(instance, tag)[0] ?? '';
}

/** All values that are numbers (DS and IS may come as text, F.2.3.1); null when there is none or any is not a number. */
export function numbers(instance: DicomInstance, tag: string): readonly number[] | null {
  const found = values(instance, tag).map((value) => {
    if (typeof value === 'number') return value;
    return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  });
  return found.length > 0 && found.every((value) => Number.isFinite(value)) ? found : null;
}

/** The first value as a number; null when there is none. */
export function number(instance: DicomInstance, tag: string): number | null {
  const value = values(instance, tag)[0];
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}

/** The items of a sequence. */
export function items(instance: DicomInstance, tag: string): readonly DicomInstance[] {
  return values(instance, tag).filter(isInstance);
}

/** `InlineBinary` (F.2.7) as bytes; null when the value is elsewhere or absent. */
export function inlineBytes(instance: DicomInstance, tag: string): Uint8Array | null {
  const encoded = instance[tag]?.InlineBinary;
  if (typeof encoded !== 'string') return null;
  const binary = atob(encoded);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Unsigned 16-bit words of a US, SS or OW attribute, whichever of the three the writer chose (PS3.3 C.11.1.1.1). */
export function words(instance: DicomInstance, tag: string): Uint16Array | null {
  const bytes = inlineBytes(instance, tag);
  if (bytes) return new Uint16Array(bytes.buffer, 0, bytes.byteLength >> 1);
  const listed = numbers(instance, tag);
  return listed ? Uint16Array.from(listed) : null;
}

/**
 * The item of a functional group macro that rules one frame: the per-frame one, else the shared one
 * (PS3.3 C.7.6.16.1.1); null when neither has it.
 */
export function functionalGroup(instance: DicomInstance, frame: number, sequenceTag: string): DicomInstance | null {
  for (const [groups, at] of [['52009230', frame - 1], ['52009229', 0]] as const) {
    const group = values(instance, groups)[at];
    const item = isInstance(group) ? items(group, sequenceTag)[0] : undefined;
    if (item) return item;
  }
  return null;
}

/** Where to read an attribute that a functional group may hold for one frame: the group's item, else the data set itself. */
export function frameScope(instance: DicomInstance, frame: number, sequenceTag: string): DicomInstance {
  return functionalGroup(instance, frame, sequenceTag) ?? instance;
}
