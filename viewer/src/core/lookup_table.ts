/** A LUT of the Modality LUT and VOI LUT modules (PS3.3 C.11.1.1.1, C.11.2.1.1). */
import { numbers, words } from './attribute';
import type { DicomInstance } from './display_set';
import { Tag } from './tag';

export interface LookupTable {
  /** The input value that takes the first entry; smaller ones take it too. */
  readonly firstMapped: number;
  readonly bitsPerEntry: number;
  readonly entries: Uint16Array;
}

/** The three numbers of a LUT Descriptor: entries (0 stands for 65536), first value mapped (signed when asked), bits. */
export function descriptor(instance: DicomInstance, tag: string, signed: boolean): [number, number, number] | null {
  const listed = numbers(instance, tag);
  if (listed?.length !== 3) return null;
  const [count = 0, first = 0, bits = 0] = listed;
  return [count === 0 ? 65536 : count & 0xffff, signed && first > 0x7fff ? first - 0x10000 : first, bits];
}

/** Entries of LUT Data: one in each 16-bit word, or two 8-bit entries packed in a word, low byte first. */
export function entries(data: Uint16Array, count: number, bits: number): Uint16Array | null {
  if (data.length >= count) return data.slice(0, count);
  if (bits > 8 || data.length * 2 < count) return null;
  return Uint16Array.from({ length: count }, (_, at) => ((data[at >> 1] ?? 0) >> ((at & 1) * 8)) & 0xff);
}

/**
 * The LUT in one item of a Modality or VOI LUT Sequence; null when it is incomplete.
 * @param signed the values that go in can be negative, so that the first value mapped is signed.
 */
export function lookupTable(item: DicomInstance, signed: boolean): LookupTable | null {
  const described = descriptor(item, Tag.LUTDescriptor, signed);
  const data = words(item, Tag.LUTData);
  if (!described || !data) return null;
  const [count, firstMapped, bitsPerEntry] = described;
  const found = entries(data, count, bitsPerEntry);
  return found && { firstMapped, bitsPerEntry: Math.min(Math.max(bitsPerEntry, 1), 16), entries: found };
}

/** The entry of one input value; values outside the table take the first or last entry. */
export function lookUp(table: LookupTable, value: number): number {
  const index = Math.min(Math.max(Math.floor(value + 0.5) - table.firstMapped, 0), table.entries.length - 1);
  return table.entries[index] ?? 0;
}
