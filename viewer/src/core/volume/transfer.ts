/** How the values of a volume become colour and opacity in a 3D picture. */
import type { Voi } from '../viewport';

export type RenderPresetName = 'bone' | 'vessels' | 'lung' | 'skin' | 'projection' | 'surface';

/** From a value on: colour (0–255) and how much of the light a millimetre keeps back (0–1). */
export interface TransferPoint {
  readonly value: number;
  readonly colour: readonly [number, number, number];
  readonly opacity: number;
}

export interface RenderPreset {
  readonly name: RenderPresetName;
  /** Only the largest value along each line of sight, seen through the window. */
  readonly projection: boolean;
  readonly points: readonly TransferPoint[];
}

function point(value: number, red: number, green: number, blue: number, opacity: number): TransferPoint {
  return { value, colour: [red, green, blue], opacity };
}

/** For values in HU: what these show is bone, contrast medium, air and skin, as far as HU tell them apart. */
export const HOUNSFIELD_PRESETS: readonly RenderPreset[] = [
  {
    name: 'bone', projection: false,
    points: [point(140, 150, 90, 60, 0), point(260, 214, 170, 120, 0.18), point(500, 240, 224, 196, 0.75), point(1500, 255, 252, 244, 0.95)],
  },
  {
    name: 'vessels', projection: false,
    points: [point(110, 120, 20, 20, 0), point(170, 190, 40, 32, 0.12), point(300, 232, 96, 64, 0.6), point(480, 250, 226, 190, 0.85), point(1400, 255, 255, 250, 0.95)],
  },
  {
    name: 'lung', projection: false,
    points: [point(-980, 30, 40, 70, 0), point(-880, 90, 130, 190, 0.01), point(-700, 130, 170, 220, 0.05), point(-450, 226, 170, 150, 0.12), point(-250, 200, 120, 100, 0.01), point(100, 180, 90, 80, 0)],
  },
  {
    name: 'skin', projection: false,
    points: [point(-320, 190, 130, 105, 0), point(-180, 226, 178, 150, 0.35), point(40, 236, 196, 168, 0.8), point(400, 250, 236, 220, 0.9)],
  },
  { name: 'projection', projection: true, points: [] },
];

/** For values of any other meaning, only the window says what matters. */
export function windowPresets({ center, width }: Voi): readonly RenderPreset[] {
  const at = (part: number): number => center + width * (part - 0.5);
  return [
    { name: 'projection', projection: true, points: [] },
    { name: 'surface', projection: false, points: [point(at(0.3), 150, 120, 100, 0), point(at(0.6), 214, 190, 170, 0.25), point(at(1), 255, 246, 236, 0.8)] },
  ];
}

const LEVELS = 1024;

/** Red, green, blue, opacity (0–255) of evenly spaced values from the least to the largest; the ends go on beyond them. */
export function transferTable(points: readonly TransferPoint[], minimum: number, maximum: number): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(LEVELS * 4);
  for (let level = 0; level < LEVELS; level += 1) {
    const value = minimum + ((maximum - minimum) * level) / (LEVELS - 1);
    const next = points.findIndex((one) => one.value > value);
    const [low, high] = next < 0 ? [points.at(-1), points.at(-1)] : [points[Math.max(next - 1, 0)], points[next]];
    if (!low || !high) continue;
    const part = low === high ? 0 : (value - low.value) / (high.value - low.value);
    const mixed = [...low.colour.map((colour, at) => colour + ((high.colour[at] ?? 0) - colour) * part), (low.opacity + (high.opacity - low.opacity) * part) * 255];
    table.set(mixed.map(Math.round), level * 4);
  }
  return table;
}
