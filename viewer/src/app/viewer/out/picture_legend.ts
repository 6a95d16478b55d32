/** Writes the legend of the layers onto a picture, under the study's words. */
import { css } from '../../../core/layer_colour';
import type { Size } from '../../../lite/view';
import { EDGE, fitted, LINE, type Put, SIZE } from './pen';
import type { LegendLine } from './picture_layers';
import { ot } from './texts';

const SWATCH = 12;
const SCALE_HEIGHT = 10;
const SCALE_WIDTH = 130;

/**
 * Lines at the right edge, the last place kept for how many found no room.
 * @param size of the picture in the units that are written in
 * @param above lines that stand above
 */
export function writeLegend(context: CanvasRenderingContext2D, lines: readonly LegendLine[], size: Size, above: number, put: Put): void {
  const top = EDGE + SIZE + (above + 0.6) * LINE;
  const room = Math.max(1, Math.floor((size.height * 0.8 - top) / LINE));
  const shown = lines.length <= room ? lines : lines.slice(0, room - 1);
  const right = size.width - EDGE;
  shown.forEach((line, at) => writeLine(context, line, right, top + at * LINE, size.width, put));
  if (shown.length < lines.length) put(ot('layers.more', { count: lines.length - shown.length }), right, top + shown.length * LINE, 'end');
}

function writeLine(context: CanvasRenderingContext2D, line: LegendLine, right: number, base: number, width: number, put: Put): void {
  if (line.kind === 'scale') {
    writeScale(context, line, right, base, put);
    return;
  }
  const indent = line.kind === 'entry' ? SWATCH + 8 : 0;
  put(fitted(context, line.text, width), right - indent, base, 'end');
  if (line.kind !== 'entry') return;
  const box = [right - SWATCH, base - SWATCH + 1, SWATCH, SWATCH] as const;
  context.fillStyle = css(line.colour);
  context.fillRect(...box);
  context.strokeStyle = 'rgb(255 255 255 / 70%)';
  context.lineWidth = 1;
  context.strokeRect(...box);
}

function writeScale(context: CanvasRenderingContext2D, { colours, ends }: LegendLine & { readonly kind: 'scale' }, right: number, base: number, put: Put): void {
  put(ends[1], right, base, 'end');
  const end = right - context.measureText(ends[1]).width - 8;
  const fill = context.createLinearGradient(end - SCALE_WIDTH, 0, end, 0);
  colours.forEach((colour, at) => fill.addColorStop(at / (colours.length - 1), css(colour)));
  context.fillStyle = fill;
  context.fillRect(end - SCALE_WIDTH, base - SCALE_HEIGHT, SCALE_WIDTH, SCALE_HEIGHT);
  put(ends[0], end - SCALE_WIDTH - 8, base, 'end');
}
