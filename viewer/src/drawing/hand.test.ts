import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DicomInstance, ImageReference } from '../core/display_set';
import type { GrayscaleFrame } from '../core/frame';
import type { Point } from '../core/geometry';
import { grayscaleParameters } from '../core/grayscale';
import type { Measurement } from '../core/measurement';
import { pixelFormat } from '../core/pixel_format';
import type { Tool } from '../core/viewport';
import { DrawingBook } from './book';
import { type Ground, Hand } from './hand';

const instance: DicomInstance = Object.fromEntries(Object.entries({
  '00280002': 1, '00280010': 200, '00280011': 200, '00280100': 8, '00280101': 8, '00280102': 7, '00280103': 0,
}).map(([tag, value]) => [tag, { vr: 'US', Value: [value] }]));
const format = pixelFormat(instance);
if (!format) throw new Error('not an image');
const reference: ImageReference = { instance, sopInstanceUid: '1.2', frame: 1, frameUrl: '', renderedUrl: '' };
const frame: GrayscaleFrame = {
  kind: 'grayscale', format, pixels: new Uint8Array(40_000), parameters: grayscaleParameters(instance, 1, format), lossy: false,
};
/** Two CSS pixels for each of the image. */
const ground: Ground = { reference, frame, placement: { a: 2, b: 0, c: 0, d: 2, e: 0, f: 0 } };

let book: DrawingBook;
let hand: Hand;
const asked: string[] = [];

beforeEach(() => {
  vi.stubGlobal('document', { documentElement: { lang: 'en' } });
  book = new DrawingBook();
  book.shows({}, reference, frame);
  asked.length = 0;
  hand = new Hand(book, () => ground, (id) => asked.push(id));
});

function drag(from: Point, to: Point): void {
  hand.press(from);
  hand.move([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]);
  hand.move(to);
  hand.release();
}

function click(at: Point): void {
  hand.move(at);
  hand.press(at);
  hand.release();
}

function only(): Measurement {
  const [one, ...others] = book.list;
  if (!one || others.length > 0) throw new Error(`${book.list.length} measurements`);
  return one;
}

function take(tool: Tool): void {
  hand.tool = tool;
}

describe('the hand', () => {
  it('draws a line by a drag, or by two clicks', () => {
    take('length');
    drag([20, 20], [80, 100]);
    expect(only()).toMatchObject({ kind: 'length', points: [[10, 10], [40, 50]], length: 50, calibrated: false });
    book.clear();
    click([20, 20]);
    expect(hand.drawing).not.toBeNull();
    click([80, 100]);
    expect(only()).toMatchObject({ points: [[10, 10], [40, 50]] });
    expect(hand.drawing).toBeNull();
  });

  it('leaves nothing behind of a double click, of Escape, or of a drawing too small to be meant', () => {
    take('length');
    click([20, 20]);
    click([20, 20]);
    drag([50, 50], [51, 50]);
    expect(book.list).toHaveLength(1); // its other end still follows the hand
    expect(hand.cancel()).toBe(true);
    expect(hand.cancel()).toBe(false);
    expect(book.list).toEqual([]);
    expect(book.undoable).toBe(false);
  });

  it('draws an angle and two lines of Cobb point by point', () => {
    take('angle');
    drag([20, 20], [60, 20]);
    click([60, 80]);
    expect(only()).toMatchObject({ points: [[10, 10], [30, 10], [30, 40]], angle: 90 });
    book.clear();
    take('cobb');
    drag([20, 20], [60, 20]);
    drag([20, 100], [60, 140]);
    expect(only()).toMatchObject({ points: [[10, 10], [30, 10], [10, 50], [30, 70]], angle: 45 });
  });

  it('keeps the short diameter perpendicular, also when an end of the long one is moved', () => {
    take('bidirectional');
    drag([20, 100], [120, 100]);
    drag([60, 80], [90, 120]);
    expect(only()).toMatchObject({ points: [[10, 50], [60, 50], [30, 40], [30, 60]], length: 50, shortAxis: 20 });
    take('window');
    drag([120, 100], [20, 180]); // turned by a quarter
    const [a, b, c, d] = only().points as [Point, Point, Point, Point];
    expect((b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1])).toBeCloseTo(0, 9);
    expect((only() as { shortAxis?: number }).shortAxis).toBeCloseTo(20, 9);
  });

  it('draws an outline in one stroke, or corner by corner', () => {
    take('freehand');
    hand.press([20, 20]);
    for (const at of [[100, 20], [100, 100], [20, 100]] as const) hand.move(at);
    hand.release();
    expect(only()).toMatchObject({ points: [[10, 10], [50, 10], [50, 50], [10, 50]], area: 1600 });
    book.clear();
    for (const at of [[20, 20], [100, 20], [100, 100], [20, 100], [22, 21]] as const) click(at);
    expect(only()).toMatchObject({ points: [[10, 10], [50, 10], [50, 50], [10, 50]], area: 1600 });
  });

  it('asks for the words of an arrow and of a text', () => {
    take('text');
    click([30, 30]);
    take('arrow');
    drag([60, 60], [90, 90]);
    expect(asked).toEqual(book.list.map(({ id }) => id));
  });

  it('takes handles with any tool, and the whole at its outline when the tool draws nothing', () => {
    take('rectangle');
    drag([20, 20], [120, 120]);
    expect(hand.takes([70, 22])).toBe(true);
    take('window');
    expect(hand.takes([70, 70])).toBe(false);
    drag([70, 20], [80, 40]);
    expect(only()).toMatchObject({ points: [[15, 20], [65, 70]] });
    drag([130, 140], [150, 150]);
    expect(only()).toMatchObject({ points: [[15, 20], [75, 75]] });
    book.undo();
    book.undo();
    expect(only()).toMatchObject({ points: [[10, 10], [60, 60]] });
    book.redo();
    expect(only()).toMatchObject({ points: [[15, 20], [65, 70]] });
  });
});

describe('the book', () => {
  it('puts back what exists, with the calibration it was made with', () => {
    take('length');
    drag([20, 20], [80, 100]);
    expect(book.calibrate(only().id, 25)).toBe(true);
    const kept = JSON.parse(JSON.stringify(only())) as Measurement;
    expect(kept).toMatchObject({ length: 25, calibration: 'manual', manualSpacing: [0.5, 0.5] });
    const other = new DrawingBook();
    other.add(kept);
    other.shows({}, reference, frame);
    expect(other.list).toEqual([kept]);
    expect(other.undoable).toBe(false);
    book.undo();
    expect(only()).toMatchObject({ length: 50, calibrated: false });
    expect(only()).not.toHaveProperty('manualSpacing');
  });

  it('undoes a removal, and forgets what was undone once something new is drawn', () => {
    take('length');
    drag([20, 20], [80, 100]);
    const [one] = book.list;
    book.remove(one?.id ?? '');
    book.undo();
    expect(book.list).toEqual([one]);
    expect(book.redoable).toBe(true);
    drag([20, 150], [80, 150]);
    expect(book.redoable).toBe(false);
  });
});
