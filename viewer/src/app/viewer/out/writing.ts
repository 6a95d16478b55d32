/** The words and marks on a picture that goes out: those of the cell, without the patient where that is wished. */
import { formatDecimal } from '../../../i18n/dates';
import { t } from '../../../i18n/locale';
import { overlayText, scaleBar, sliceText } from '../overlay_text';
import { windowText } from '../overlay';
import type { Placed } from './placed';
import { EDGE, fitted, INK, LINE, pen, type Put, SIZE } from './pen';
import type { LegendLine } from './picture_layers';
import { writeLegend } from './picture_legend';
import type { OutSubject } from './subject';

export interface Writing {
  readonly topLeft: readonly string[];
  readonly topRight: readonly string[];
  readonly bottomLeft: readonly string[];
  readonly bottomRight: readonly string[];
}

/**
 * The corners of a picture. Without the patient nothing of what PS3.15 Annex E cleans stays: no name, number, date, place or
 * description; side, slice, window and quality do.
 */
export function writing(subject: OutSubject, identified: boolean): Writing {
  const { set, image, view } = subject;
  const words = overlayText(set, image);
  const series = identified ? words.series : [sliceText(image.instance)].filter(Boolean);
  const { voi, quality } = view;
  const lossy = words.lossy ?? (quality === 'lossy' ? t('quality.lossy') : '');
  return {
    topLeft: identified ? words.patient : [],
    topRight: identified ? words.study : [],
    bottomLeft: [words.side, ...series, t('viewer.image_position', { index: view.index + 1, count: view.count })].filter(Boolean),
    bottomRight: [lossy, voi ? windowText(voi) : ''].filter(Boolean),
  };
}

/** Write onto a picture; letters stand on a dark outline, so that they are read on white too. */
export function write(context: CanvasRenderingContext2D, placed: Placed, subject: OutSubject, words: Writing, legend: readonly LegendLine[] = []): void {
  const { unit, size } = placed;
  context.save();
  context.setTransform(unit, 0, 0, unit, 0, 0);
  const [width, height] = [size.width / unit, size.height / unit];
  context.font = `500 ${SIZE}px ${getComputedStyle(document.documentElement).getPropertyValue('--font') || 'sans-serif'}`;
  const put = pen(context);
  const top = (lines: readonly string[], x: number, align: CanvasTextAlign): void => {
    lines.forEach((line, at) => put(fitted(context, line, width), x, EDGE + SIZE + at * LINE, align));
  };
  const bottom = (lines: readonly string[], x: number, align: CanvasTextAlign): void => {
    lines.forEach((line, at) => put(fitted(context, line, width), x, height - EDGE - (lines.length - 1 - at) * LINE, align));
  };
  top(words.topLeft, EDGE, 'start');
  top(words.topRight, width - EDGE, 'end');
  if (legend.length > 0) writeLegend(context, legend, { width, height }, words.topRight.length, put);
  bottom(words.bottomLeft, EDGE, 'start');
  bottom(words.bottomRight, width - EDGE, 'end');
  const { left, right, top: above, bottom: below } = subject.view.orientation;
  put(left, EDGE, height / 2, 'start');
  put(right, width - EDGE, height / 2, 'end');
  put(above, width / 2, EDGE + SIZE, 'center');
  put(below, width / 2, height - EDGE, 'center');
  writeScale(context, placed, subject, put);
  context.restore();
}

function writeScale(
  context: CanvasRenderingContext2D, { map, unit, size }: Placed, { image }: OutSubject,
  put: Put,
): void {
  const bar = scaleBar(image, Math.hypot(map.a, map.b) / unit);
  const [middle, base] = [size.width / unit / 2, size.height / unit - EDGE - 2 * LINE];
  if (!bar) return;
  context.beginPath();
  context.moveTo(middle - bar.pixels / 2, base - 6);
  context.lineTo(middle - bar.pixels / 2, base);
  context.lineTo(middle + bar.pixels / 2, base);
  context.lineTo(middle + bar.pixels / 2, base - 6);
  for (const [ink, thick] of [['rgb(0 0 0 / 85%)', 4], [INK, 1.5]] as const) {
    context.strokeStyle = ink;
    context.lineWidth = thick;
    context.stroke();
  }
  put(bar.label, middle, base - 8, 'center');
}

/** What a file is called: with the patient's number only where the picture shows it as well. */
export function fileName({ set, image, view }: OutSubject, patientId: string, identified: boolean, ending: string): string {
  const series = set.seriesNumber === null ? '' : `S${formatDecimal(set.seriesNumber, 0).replace(/\D/g, '')}`;
  const frame = image.frame > 1 ? `F${image.frame}` : '';
  const parts = [identified ? patientId : '', set.modality, series, `I${view.index + 1}`, frame];
  return `${parts.map((part) => part.replace(/[^\p{L}\p{N}._-]+/gu, '_')).filter(Boolean).join('-')}.${ending}`;
}
