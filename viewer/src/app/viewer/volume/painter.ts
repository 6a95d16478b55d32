/** Puts the values of a plane on a canvas; of several wishes for one canvas only the last is worked on. */
import { displayValue } from '../../../core/grayscale';
import type { Voi } from '../../../core/viewport';
import type { PlaneView } from '../../../core/volume/planes';
import { MISSING } from '../../../core/volume/resample';

/** How values become colours. */
export interface Look {
  readonly voi: Voi;
  readonly inverse: boolean;
}

/** A second volume over the first. */
export interface Fused {
  readonly values: Float32Array;
  readonly voi: Voi;
  /** 0 to 1. */
  readonly opacity: number;
}

/** Values of both volumes on one plane. */
export interface Picture {
  readonly view: PlaneView;
  readonly base: Float32Array;
  readonly fused: Float32Array | null;
}

const STRIPE = 6;
const STRIPE_COLOURS = [[92, 64, 10], [38, 28, 8]] as const;

/** Black, red, yellow, white: the warm scale that PET is read in (PS3.6 B.1.1 names it "Hot Iron"). */
export function hotIron(part: number): readonly [number, number, number] {
  const level = Math.min(Math.max(part, 0), 1) * 255;
  return [Math.min(255, level * 2), Math.min(255, Math.max(0, level * 2 - 255)), Math.min(255, Math.max(0, level * 4 - 765))];
}

/** Hot iron of 256 levels, red, green, blue of each. */
export const HOT_IRON: readonly (readonly [number, number, number])[] = Array.from({ length: 256 }, (_, at) => hotIron(at / 255));

function stripe(at: number, width: number): readonly [number, number, number] {
  return STRIPE_COLOURS[Math.floor(((at % width) + Math.floor(at / width)) / STRIPE) % 2 === 0 ? 0 : 1];
}

/** Pixels of a plane: grey, striped where a slice is missing, black where nothing was acquired; a second volume in colour over it. */
export function colours(picture: { readonly base: Float32Array; readonly view: Pick<PlaneView, 'width'> }, look: Look, fused: Fused | null): Uint8ClampedArray<ArrayBuffer> {
  const { base, view: { width } } = picture;
  const rgba = new Uint8ClampedArray(base.length * 4);
  const transform = { kind: 'window', voi: look.voi } as const;
  for (let at = 0; at < base.length; at += 1) {
    const value = base[at] ?? Number.NaN;
    const to = at * 4;
    rgba[to + 3] = 255;
    if (value === MISSING) {
      rgba.set(stripe(at, width), to);
      continue;
    }
    const grey = Number.isFinite(value) ? displayValue(value, transform, look.inverse) : 0;
    rgba[to] = grey;
    rgba[to + 1] = grey;
    rgba[to + 2] = grey;
    if (!fused) continue;
    const over = fused.values[at] ?? Number.NaN;
    if (over === MISSING) rgba.set(stripe(at, width), to);
    else blend(rgba, to, over, fused);
  }
  return rgba;
}

function blend(rgba: Uint8ClampedArray, to: number, value: number, { voi, opacity }: Fused): void {
  if (!Number.isFinite(value)) return;
  const colour = HOT_IRON[displayValue(value, { kind: 'window', voi }, false)] ?? [0, 0, 0];
  for (let part = 0; part < 3; part += 1) rgba[to + part] = (rgba[to + part] ?? 0) * (1 - opacity) + (colour[part] ?? 0) * opacity;
}

export class Painter<Wish> {
  private busy = false;
  private next: Wish | null = null;

  /** @param make works one wish; the next begins when it has settled */
  constructor(private readonly make: (wish: Wish) => Promise<void>) {}

  want(wish: Wish): void {
    this.next = wish;
    if (!this.busy) void this.work();
  }

  /** True while a wish is being worked on or waits. */
  get working(): boolean {
    return this.busy;
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.next !== null) {
      const wish = this.next;
      this.next = null;
      try {
        await this.make(wish);
      } catch {
        // The volume was closed, or is refused: the view says so.
      }
    }
    this.busy = false;
  }
}
