/** How the images of a hung stage stand: turned as the protocol wants, equally large, at the edges of their cells. */
import { effect } from '@preact/signals';

import type { ImageReference } from '../../../core/display_set';
import { edgeLetters, pixelAspect, type Point, spacing } from '../../../core/geometry';
import type { CellRule } from '../../../core/hanging/protocol';
import { centreAtEdge, fittedZoom, sameScale, type Shape, turnFor } from '../../../core/hanging/standing';
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
  if (rule.right === undefined && rule.bottom === undefined) return { ...FITTED_PRESENTATION, ...rule.turn };
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
    this.#observer = new ResizeObserver(() => this.#place());
    this.#stop = effect(() => {
      // Again whenever another image is ready: the scale depends on all of them.
      const ready = this.placed.filter(({ cell }) => cell.state.value === 'ready' && cell.tier.value !== null);
      this.#observer?.disconnect();
      for (const { cell } of ready) if (cell.viewport) this.#observer?.observe(cell.viewport.element);
      this.#place();
    });
  }

  stop(): void {
    this.#stop();
    this.#observer?.disconnect();
  }

  /** All of it from the sizes of images and cells: what the renderers show may be of a layout that is just changing. */
  #place(): void {
    const ready = this.placed.flatMap(({ cell, rule, key }) => {
      const { viewport } = cell;
      const image = viewport && cell.state.peek() === 'ready' && viewport.state.displaySet?.id === key ? imageOf(viewport) : null;
      const { clientWidth: width, clientHeight: height } = viewport?.element ?? { clientWidth: 0, clientHeight: 0 };
      const put = this.#put.get(cell);
      if (!viewport || !image || width === 0 || height === 0 || (put && !isUntouched(viewport.presentation, put))) return [];
      const known = standingOf(image, rule);
      const [shape, standing] = [shapeOf(image), known ?? FITTED_PRESENTATION];
      const fitted = shape ? fittedZoom(shape, standing, { width, height }) : null;
      return [{ cell, viewport, image, shape, standing, fitted, width, edge: known ? rule.align : undefined }];
    });
    const scales = ready.map(({ image, fitted }) => {
      const { calibrated, column } = spacing(image.instance, image.frame);
      return calibrated && fitted !== null ? fitted / column : null;
    });
    const known = scales.every((one) => one !== null && one > 0) ? (scales as number[]) : null;
    const sizes = this.equal && known ? sameScale(known) : null;
    ready.forEach(({ cell, viewport, shape, standing, fitted, width, edge }, at) => {
      const magnification = sizes?.[at] ?? 1;
      const centre = shape && fitted !== null ? (edge ? centreAtEdge(shape, standing, fitted * magnification, { width }, edge) : middleOf(shape)) : null;
      const put = { ...standing, magnification, centre };
      viewport.setPresentation(put);
      this.#put.set(cell, put);
    });
  }
}

function shapeOf({ instance, frame }: ImageReference): Shape | null {
  const format = pixelFormat(instance);
  return format && { columns: format.columns, rows: format.rows, aspect: pixelAspect(instance, frame) };
}

function middleOf({ columns, rows }: Shape): Point {
  return [columns / 2, rows / 2];
}
