/** A volume of some of the slices that follow one another, where all of them need more memory than there may be. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import type { DisplaySet } from '../../../core/display_set';
import { vplural, vt } from './texts';

/** Slices of a series in its order, counted from 1, both ends included. */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

/** Those slices, each of them. */
export function partOf(set: DisplaySet, { from, to }: Part): DisplaySet {
  return { ...set, id: `${set.id}/${from}-${to}`, images: set.images.slice(from - 1, to) };
}

/** As many slices as there may be, the wanted one (from 0) in their middle where the ends of the series allow. */
export function partAround(index: number, most: number, total: number): Part {
  const count = Math.min(most, total);
  const from = Math.min(Math.max(index - Math.floor(count / 2), 0), total - count);
  return { from: from + 1, to: from + count, total };
}

interface PartChoiceProps {
  readonly total: number;
  /** Slices that the memory allows. */
  readonly most: number;
  /** The image that was on the screen, from 0. */
  readonly around: number;
  readonly onChoose: (part: Part) => void;
}

/** Every slice of a part that the reader chooses: nothing is left out silently. */
export function PartChoice({ total, most, around, onChoose }: PartChoiceProps): JSX.Element | null {
  const [middle, setMiddle] = useState(around);
  if (most < 3) return null;
  const part = partAround(middle, most, total);
  const { from, to } = part;
  return (
    <form class="volume-part" onSubmit={(event) => { event.preventDefault(); onChoose(part); }}>
      <p>{vplural('volume.part_offer', most)}</p>
      <label>
        <span>{vt('volume.part_choice', { from, to, total })}</span>
        <input
          type="range" name="part" min={0} max={total - 1} value={middle} aria-valuetext={vt('volume.part_choice', { from, to, total })}
          onInput={(event) => setMiddle(event.currentTarget.valueAsNumber)}
        />
      </label>
      <button type="submit" class="button primary">{vt('volume.part_open', { from, to })}</button>
    </form>
  );
}
