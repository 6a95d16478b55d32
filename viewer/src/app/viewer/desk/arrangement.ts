/** How the images of a hung stage stand: turned as the protocol wants, equally large, at the edges of their cells. */
import { effect } from '@preact/signals';

import type { ImageReference } from '../../../core/display_set';
import { edgeLetters, spacing } from '../../../core/geometry';
import type { CellRule } from '../../../core/hanging/protocol';
import { centreAtEdge, sameScale, turnFor } from '../../../core/hanging/standing';
import { pixelFormat } from '../../../core/pixel_format';
import { FITTED_PRESENTATION, type Presentation } from '../../../core/presentation';
import type { Viewport } from '../../../core/viewport';
import type { Cell } from '../cell';

interface Placed {
  readonly cell: Cell;
  readonly rule: CellRule;
  /** What was hung there: when the reader puts something else into the cell, it is left alone. */
  readonly key: string;
}

function imageOf(viewport: Viewport): ImageReference | null {
  const { displaySet, index } = viewport.state;
  return displaySet?.images[index] ?? null;
}

/** The image as the rule wants it turned, fitted to its cell; null when the header does not tell. */
export function standingOf(image: ImageReference, rule: CellRule): Presentation | null {
  if (rule.right === undefined && rule.bottom === undefined) return FITTED_PRESENTATION;
  const turn = turnFor(edgeLetters(image.instance, image.frame), rule);
  return turn && { ...FITTED_PRESENTATION, ...turn };
}

const NEAR = 1e-3;

/** Still as we have put it: the reader has not moved, zoomed or turned it. */
function isUntouched(now: Presentation, put: Presentation): boolean {
  const apart = (one: Presentation['centre'], other: Presentation['centre']): number => (
    one && other ? Math.hypot(one[0] - other[0], one[1] - other[1]) : one === other ? 0 : Number.POSITIVE_INFINITY
  );
  return now.rotation === put.rotation && now.flipped === put.flipped && Math.abs(now.magnification - put.magnification) < NEAR
    && (apart(now.centre, put.centre) < 1 || now.centre === null);
}

export class Arrangement {
  #put = new Map<Cell, Presentation>();
  #observer: ResizeObserver | null = null;
  #stop: () => void = () => undefined;

  constructor(private readonly placed: readonly Placed[], private readonly equal: boolean) {}

  start(): void {
    this.#observer = new ResizeObserver(() => this.#place(false));
    this.#stop = effect(() => {
      // Again whenever another image is ready: the scale depends on all of them.
      const ready = this.placed.filter(({ cell }) => cell.state.value === 'ready' && cell.tier.value !== null);
      this.#observer?.disconnect();
      for (const { cell } of ready) if (cell.viewport) this.#observer?.observe(cell.viewport.element);
      this.#place(true);
    });
  }

  stop(): void {
    this.#stop();
    this.#observer?.disconnect();
  }

  #place(anew: boolean): void {
    const ready = this.placed.flatMap(({ cell, rule, key }) => {
      const { viewport } = cell;
      const image = viewport && cell.state.peek() === 'ready' && viewport.state.displaySet?.id === key ? imageOf(viewport) : null;
      if (!viewport || !image) return [];
      const put = this.#put.get(cell);
      if (put && !isUntouched(viewport.presentation, put)) return [];
      return !put && !anew ? [] : [{ cell, rule, viewport, image, standing: standingOf(image, rule) ?? FITTED_PRESENTATION }];
    });
    const fitted = ready.map(({ viewport, image, standing }) => {
      viewport.setPresentation(standing);
      const { calibrated, column } = spacing(image.instance, image.frame);
      return calibrated ? viewport.state.zoom / column : null;
    });
    const known = fitted.every((one) => one !== null && one > 0) ? (fitted as number[]) : null;
    const sizes = this.equal && known ? sameScale(known) : null;
    ready.forEach(({ cell, rule, viewport, image, standing }, at) => {
      const sized = { ...standing, magnification: sizes?.[at] ?? 1 };
      viewport.setPresentation(sized);
      const put = rule.align && standingOf(image, rule) ? aligned(viewport, image, sized, rule.align) : sized;
      viewport.setPresentation(put);
      this.#put.set(cell, put);
    });
  }
}

function aligned(viewport: Viewport, image: ImageReference, sized: Presentation, edge: 'left' | 'right'): Presentation {
  const { placement } = viewport;
  const format = pixelFormat(image.instance);
  const { clientWidth: width, clientHeight: height } = viewport.element;
  return placement && format ? { ...sized, centre: centreAtEdge(placement, format, { width, height }, edge) } : sized;
}
