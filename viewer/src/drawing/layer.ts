/** Draws the measurements of the image on screen, above it, in SVG. */
import { type Affine, apply } from '../core/affine';
import type { Point } from '../core/geometry';
import { boxAround } from '../core/measure';
import type { Measurement } from '../core/measurement';
import { handlesOf } from './grip';
import { labelAt, labelLines, labelSize, LINE_HEIGHT, written } from './label';
import { segmentsOf } from './shape';

const SVG = 'http://www.w3.org/2000/svg';
const HANDLE_RADIUS = 4;
const COLOUR = 'var(--measurement, #ffd84d)';
const SELECTED = 'var(--measurement-selected, #78dcff)';

function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** The path of lines that follow each other, whole. */
function path(measurement: Measurement, seen: readonly Point[]): string {
  let [x, y] = [Number.NaN, Number.NaN];
  return segmentsOf(measurement.kind, seen).map(([from, to]) => {
    const start = from[0] === x && from[1] === y ? '' : `M${from[0].toFixed(2)} ${from[1].toFixed(2)}`;
    [x, y] = to;
    return `${start}L${x.toFixed(2)} ${y.toFixed(2)}`;
  }).join('');
}

/** Arm of the cross of drawing by keys, in CSS pixels. */
const CROSS = 16;

/** What is shown beside the measurements, in CSS pixels of the cell: a box for the window, the cross of drawing by keys. */
export interface Aids {
  readonly box: readonly [Point, Point] | null;
  readonly cross: Point | null;
}

export class DrawingLayer {
  private readonly svg = shape('svg', { 'aria-hidden': 'true' });

  constructor(private readonly element: HTMLElement) {
    this.svg.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;pointer-events:none;overflow:hidden;z-index:1';
    this.svg.dataset['layer'] = 'measurements';
    element.append(this.svg);
  }

  draw(measurements: readonly Measurement[], placement: Affine | null, selected: string | null, { box, cross }: Aids): void {
    const drawn = placement ? measurements.map((one) => this.group(one, placement, one.id === selected)) : [];
    if (box) {
      const [left, top, right, bottom] = boxAround(box);
      drawn.push(shape('rect', {
        x: left, y: top, width: right - left, height: bottom - top, fill: 'none', stroke: COLOUR, 'stroke-dasharray': '5 4', 'data-kind': 'window_region',
      }));
    }
    if (cross) {
      const [x, y] = cross;
      const d = `M${x - CROSS} ${y}H${x - 4}M${x + 4} ${y}H${x + CROSS}M${x} ${y - CROSS}V${y - 4}M${x} ${y + 4}V${y + CROSS}`;
      drawn.push(shape('path', { d, stroke: '#000', 'stroke-width': 4 }), shape('path', { d, stroke: SELECTED, 'stroke-width': 1.5, 'data-kind': 'cross' }));
    }
    this.svg.replaceChildren(...drawn);
  }

  destroy(): void {
    this.svg.remove();
  }

  private group(measurement: Measurement, placement: Affine, selected: boolean): SVGElement {
    const colour = selected ? SELECTED : COLOUR;
    const group = shape('g', {
      'data-measurement': measurement.id, 'data-kind': measurement.kind, 'data-selected': String(selected),
      fill: 'none', stroke: colour, 'stroke-width': 1.5, 'stroke-linejoin': 'round',
    });
    const seen = measurement.points.map((point) => apply(placement, point));
    const d = path(measurement, seen);
    // A dark rim: yellow on white bone is not seen without it.
    group.append(shape('path', { d, stroke: '#000', 'stroke-opacity': 0.5, 'stroke-width': 3.5 }), shape('path', { d }));
    for (const point of handlesOf(measurement)) {
      const [cx, cy] = apply(placement, point);
      group.append(shape('circle', { cx, cy, r: HANDLE_RADIUS, fill: colour, 'fill-opacity': selected ? 0.6 : 0.3 }));
    }
    this.label(group, measurement, placement, colour);
    return group;
  }

  private label(group: SVGElement, measurement: Measurement, placement: Affine, colour: string): void {
    const lines = labelLines(measurement, written);
    const { width, height } = labelSize(lines);
    const [x, y] = labelAt(measurement, placement);
    const { clientWidth, clientHeight } = this.element;
    // The numbers stay within the cell, whatever part of the drawing does.
    const left = Math.max(Math.min(x, clientWidth - width - 4), 4);
    const top = Math.max(Math.min(y, clientHeight - height + 6), 14);
    lines.forEach((line, at) => {
      const text = shape('text', {
        x: left, y: top + at * LINE_HEIGHT, fill: colour, stroke: '#000', 'stroke-width': 3, 'paint-order': 'stroke',
        'font-size': 13, 'font-family': 'inherit',
      });
      text.textContent = line;
      group.append(text);
    });
  }
}
