/**
 * A pattern to judge a monitor by, made here after the ideas of AAPM TG-18 (QC) and SMPTE RP 133: grays in equal steps, faint
 * squares at both ends, the finest lines the screen has, ramps and a grid. Values are display values 0–255.
 */

/** A rectangle of one gray, in device pixels. */
export interface Block {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly gray: number;
  /** What it is, where something has to find it. */
  readonly name?: string;
}

/** Letters of growing faintness on one gray. */
export interface Words {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly background: number;
  /** Gray of each letter. */
  readonly grays: readonly number[];
}

export interface Pattern {
  readonly blocks: readonly Block[];
  readonly words: readonly Words[];
}

const BACKGROUND = 64;
const GRID = 96;
/** Sixteen steps from 8 to 248, as TG18-QC has them (8-bit). */
export const STEPS = Array.from({ length: 16 }, (_, at) => 8 + 16 * at);
/** Five percent over black and under white (SMPTE RP 133). */
export const FIVE_PERCENT = 13;
export const NINETY_FIVE_PERCENT = 242;
/** How much the corner squares of a step differ from it. */
const CORNER = 4;
const LETTERS = 14;

const block = (x: number, y: number, width: number, height: number, gray: number, name?: string): Block => (
  { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height), gray, ...(name === undefined ? {} : { name }) }
);

/** One step with two lighter and two darker squares in its corners. */
function step(x: number, y: number, side: number, gray: number): Block[] {
  const small = side / 7;
  const far = side - small * 2;
  const [lighter, darker] = [Math.min(gray + CORNER, 255), Math.max(gray - CORNER, 0)];
  return [
    block(x, y, side, side, gray, `step-${gray}`),
    block(x + small, y + small, small, small, lighter), block(x + far, y + far, small, small, lighter),
    block(x + far, y + small, small, small, darker), block(x + small, y + far, small, small, darker),
  ];
}

/** Lines one and two pixels wide, upright and across: the finest the screen can show. */
function lines(x: number, y: number, side: number): Block[] {
  const half = Math.floor(side / 2);
  const found: Block[] = [block(x, y, half * 2, half * 2, 0, 'lines')];
  for (const [width, top] of [[1, 0], [2, half]] as const) {
    for (let at = 0; at + width <= half - 2; at += width * 2) {
      found.push(block(x + at, y + top, width, half - 2, 255), block(x + half, y + top + at, half - 2, width, 255));
    }
  }
  return found;
}

function grid(width: number, height: number, pitch: number): Block[] {
  const found: Block[] = [];
  for (let x = (width / 2) % pitch; x < width; x += pitch) found.push(block(x, 0, 1, height, GRID));
  for (let y = (height / 2) % pitch; y < height; y += pitch) found.push(block(0, y, width, 1, GRID));
  found.push(block(2, 2, width - 4, 1, 255), block(2, height - 3, width - 4, 1, 255), block(2, 2, 1, height - 4, 255), block(width - 3, 2, 1, height - 4, 255));
  return found;
}

/** Every gray once, from black below to white above. */
function ramp(x: number, y: number, width: number, height: number, upwards: boolean): Block[] {
  return Array.from({ length: 256 }, (_, gray) => {
    const at = upwards ? 255 - gray : gray;
    const top = Math.round((height * at) / 256);
    return block(x, y + top, width, Math.round((height * (at + 1)) / 256) - top, gray);
  });
}

/** The pattern for a screen of so many device pixels; about the middle, so that it fits any shape. */
export function pattern(width: number, height: number): Pattern {
  const short = Math.min(width, height);
  const side = Math.floor(short / 9);
  const [left, top] = [width / 2 - 2.5 * side, height / 2 - 2.5 * side];
  // Sixteen steps go round a square of five by five; the middle row holds the two ends.
  const round = [...[0, 1, 2, 3, 4].map((at) => [at, 0]), ...[1, 2, 3, 4].map((at) => [4, at]), ...[3, 2, 1, 0].map((at) => [at, 4]), ...[3, 2, 1].map((at) => [0, at])];
  const steps = STEPS.flatMap((gray, at) => step(left + (round[at]?.[0] ?? 0) * side, top + (round[at]?.[1] ?? 0) * side, side, gray));
  const [inner, innerTop, quarter] = [left + side, top + side, side / 4];
  const ends = [
    block(inner, innerTop, side * 1.5, side, 0, 'black'), block(inner + side * 0.5, innerTop + quarter, side / 2, side / 2, FIVE_PERCENT, 'five'),
    block(inner + side * 1.5, innerTop, side * 1.5, side, 255, 'white'),
    block(inner + side * 2, innerTop + quarter, side / 2, side / 2, NINETY_FIVE_PERCENT, 'ninety-five'),
  ];
  const corner = Math.max(24, Math.floor(side * 0.7));
  const inset = Math.floor(short / 30);
  const places = [[inset, inset], [width - inset - corner, inset], [inset, height - inset - corner], [width - inset - corner, height - inset - corner]] as const;
  const bars = [block(left, top - side * 0.9, side * 5, side * 0.45, 255), block(left + side * 2.4, top - side * 0.9, side * 0.2, side * 0.45, 0)];
  const tall = side * 5;
  const blocks = [
    block(0, 0, width, height, BACKGROUND), ...grid(width, height, side), ...bars, ...steps, ...ends,
    ...lines(inner + side, innerTop + side, side), ...places.flatMap(([x, y]) => lines(x, y, corner)),
    ...ramp(left - side * 0.9, top, side * 0.5, tall, true), ...ramp(left + side * 5.4, top, side * 0.5, tall, false),
  ];
  const faint = Array.from({ length: LETTERS }, (_, at) => LETTERS - at);
  const words = [0, 128, 255].map((background, at) => ({
    x: Math.round(inner), y: Math.round(innerTop + side * 2 + (at * side) / 3), size: Math.floor(side / 3), background,
    grays: faint.map((difference) => (background === 255 ? 255 - difference : background + difference)),
  }));
  return { blocks, words };
}

const TEXT = 'QUALITY CHECKS';

/** Draw it, pixel for pixel. */
export function drawPattern(context: CanvasRenderingContext2D, { blocks, words }: Pattern, side: number): void {
  for (const { x, y, width, height, gray } of blocks) {
    context.fillStyle = `rgb(${gray} ${gray} ${gray})`;
    context.fillRect(x, y, width, height);
  }
  for (const { x, y, size, background, grays } of words) {
    context.fillStyle = `rgb(${background} ${background} ${background})`;
    context.fillRect(x, y, side * 3, size);
    context.font = `700 ${Math.floor(size * 0.72)}px sans-serif`;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    grays.forEach((gray, at) => {
      context.fillStyle = `rgb(${gray} ${gray} ${gray})`;
      context.fillText(TEXT[at] ?? '', x + ((at + 0.5) * side * 3) / grays.length, y + size / 2);
    });
  }
}
