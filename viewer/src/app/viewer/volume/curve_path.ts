/** The points that a person set for a curved plane, and the smooth line through them. */
import { batch, computed, signal } from '@preact/signals';

import { lengthOf, smooth } from '../../../core/volume/curve';
import type { PlaneName } from '../../../core/volume/planes';
import type { Vector } from '../../../core/volume/vector';

export class CurvePath {
  readonly points = signal<readonly Vector[]>([]);
  /** The plane it was begun on: the curved plane goes straight through that. */
  readonly plane = signal<PlaneName>('axial');
  /** Straight through that plane, of length 1. */
  readonly normal = signal<Vector>([0, 0, 1]);
  readonly line = computed(() => smooth(this.points.value));
  /** In mm. */
  readonly length = computed(() => lengthOf(this.line.value));

  /** Add a point; those of one curve are set on one plane. */
  add(point: Vector, plane: PlaneName, normal: Vector): void {
    const begun = this.points.peek().length > 0;
    if (begun && plane !== this.plane.peek()) return;
    batch(() => {
      this.plane.value = plane;
      if (!begun) this.normal.value = normal;
      this.points.value = [...this.points.peek(), point];
    });
  }

  removeLast(): void {
    this.points.value = this.points.peek().slice(0, -1);
  }

  clear(): void {
    this.points.value = [];
  }
}
