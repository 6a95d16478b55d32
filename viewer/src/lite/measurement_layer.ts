/** Draws the measurements of the image on screen, above it, in SVG. */
import type { Point } from '../core/geometry';
import type { Measurement } from '../core/viewport';
import { type Affine, apply } from './view';

const SVG = 'http://www.w3.org/2000/svg';
const HANDLE_RADIUS = 4;
const REACH_MOUSE = 10;
/** Stands where nothing can be measured; the list of measurements says why. */
const NO_VALUE = '—';
const COLOUR = 'var(--measurement, #ffd84d)';

function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** Numbers as the page's language writes them. */
function written(value: number, digits: number): string {
  return new Intl.NumberFormat(document.documentElement.lang || 'en', { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

/** The lines of a measurement's label; symbols only, so that they need no translation. */
export function labels(measurement: Measurement): readonly string[] {
  const { calibrated, length, area, mean, standardDeviation, minimum, maximum, unit } = measurement;
  if (length !== undefined) return [`${written(length, 1)} ${calibrated ? 'mm' : 'px'}`];
  const lines = [area === undefined ? NO_VALUE : `${written(area, 1)} ${calibrated ? 'mm²' : 'px²'}`];
  if (mean !== undefined && standardDeviation !== undefined) {
    lines.unshift(`x̄ ${written(mean, 1)} ± ${written(standardDeviation, 1)}${unit === '' ? '' : ` ${unit}`}`);
  }
  if (minimum !== undefined && maximum !== undefined) lines.push(`${written(minimum, 0)} … ${written(maximum, 0)}`);
  return lines;
}

function outline({ kind }: Measurement, corners: readonly Point[], from: Point, to: Point): SVGElement[] {
  if (kind === 'length') return [shape('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1] })];
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - x, Math.max(...ys) - y];
  if (kind === 'rectangle') return [shape('rect', { x, y, width, height })];
  return [shape('ellipse', { cx: x + width / 2, cy: y + height / 2, rx: width / 2, ry: height / 2 })];
}

export class MeasurementLayer {
  private readonly svg = shape('svg', { 'aria-hidden': 'true' });

  constructor(element: HTMLElement) {
    this.svg.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;pointer-events:none;overflow:hidden';
    this.svg.dataset['layer'] = 'measurements';
    element.append(this.svg);
  }

  draw(measurements: readonly Measurement[], placement: Affine | null): void {
    this.svg.replaceChildren(...(placement ? measurements.map((measurement) => this.group(measurement, placement)) : []));
  }

  destroy(): void {
    this.svg.remove();
  }

  private group(measurement: Measurement, placement: Affine): SVGElement {
    const group = shape('g', { 'data-measurement': measurement.id, 'data-kind': measurement.kind, fill: 'none', stroke: COLOUR, 'stroke-width': 1.5 });
    const [first, second] = measurement.points;
    if (!first || !second) return group;
    const [from, to] = [apply(placement, first), apply(placement, second)];
    group.append(...outline(measurement, [from, to], from, to));
    for (const [cx, cy] of [from, to]) group.append(shape('circle', { cx, cy, r: HANDLE_RADIUS, fill: COLOUR, 'fill-opacity': 0.35 }));
    const anchor: Point = [Math.max(from[0], to[0]) + 8, Math.max(from[1], to[1]) + 4];
    labels(measurement).forEach((line, at) => {
      const text = shape('text', {
        x: anchor[0], y: anchor[1] + at * 16, fill: COLOUR, stroke: '#000', 'stroke-width': 3, 'paint-order': 'stroke',
        'font-size': 13, 'font-family': 'inherit',
      });
      text.textContent = line;
      group.append(text);
    });
    return group;
  }
}

/** The measurement and handle under a point of the cell; null when there is none. */
export function handleAt(point: Point, measurements: readonly Measurement[], placement: Affine): { measurement: Measurement; handle: number } | null {
  for (const measurement of measurements.toReversed()) {
    const handle = measurement.points.findIndex((at) => {
      const [x, y] = apply(placement, at);
      return Math.hypot(x - point[0], y - point[1]) <= REACH_MOUSE;
    });
    if (handle !== -1) return { measurement, handle };
  }
  return null;
}
