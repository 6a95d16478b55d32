/** From where the 3D picture is seen, and what of the volume is cut away. */
import { batch, signal } from '@preact/signals';

import { type Plane, UPRIGHT } from '../../../core/volume/planes';
import { cross, dot, minus, scaled, turned, unit } from '../../../core/volume/vector';
import type { RenderPresetName } from '../../../core/volume/transfer';
import type { ClipBox } from '../../../volume/ray_caster';

export const WHOLE: ClipBox = [[0, 1], [0, 1], [0, 1]];
/** The least that is left between two opposite cuts. */
const THINNEST = 0.02;

export class Camera {
  /** From the front at first. */
  readonly plane = signal<Plane>(UPRIGHT.coronal);
  readonly zoom = signal(1);
  readonly clip = signal<ClipBox>(WHOLE);
  readonly preset = signal<RenderPresetName | null>(null);
  readonly moving = signal(false);

  /** Turn what is seen to the right and down, in radians. */
  turn(right: number, down: number): void {
    const { plane } = this;
    const before = plane.peek();
    const about = (one: Plane, axis: Plane['right'], angle: number): Plane => ({ right: turned(one.right, axis, angle), down: turned(one.down, axis, angle) });
    const first = about(before, before.down, right);
    const second = about(first, first.right, -down);
    const along = unit(second.right);
    plane.value = { right: along, down: unit(minus(second.down, scaled(along, dot(along, second.down)))) };
  }

  /** Look along one of the patient's axes. */
  look(plane: Plane): void {
    this.plane.value = plane;
  }

  zoomBy(factor: number): void {
    this.zoom.value = Math.min(20, Math.max(0.3, this.zoom.peek() * factor));
  }

  /** Cut away what lies before (`end` 0) or behind (1) a fraction of an axis of the volume. */
  cut(axis: 0 | 1 | 2, end: 0 | 1, part: number): void {
    const [low, high] = this.clip.peek()[axis];
    const pair = end === 0 ? [Math.min(part, high - THINNEST), high] as const : [low, Math.max(part, low + THINNEST)] as const;
    const clip = [...this.clip.peek()] as [ClipBox[0], ClipBox[1], ClipBox[2]];
    clip[axis] = pair;
    this.clip.value = clip;
  }

  reset(): void {
    batch(() => {
      this.plane.value = UPRIGHT.coronal;
      this.zoom.value = 1;
      this.clip.value = WHOLE;
    });
  }
}

/** The direction into the picture. */
export function sightOf({ right, down }: Plane): Plane['right'] {
  return cross(right, down);
}
