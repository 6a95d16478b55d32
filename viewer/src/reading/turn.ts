/** How the picture stands on the screen: one of its eight turns (cf. PS3.3 C.10.6, rotation and horizontal flip). */

/** The image is first flipped left to right (when `flipped`), then turned clockwise by `rotation` degrees. */
export interface Turn {
  readonly rotation: 0 | 90 | 180 | 270;
  readonly flipped: boolean;
}

export const UPRIGHT: Turn = { rotation: 0, flipped: false };

const QUARTERS = [0, 90, 180, 270] as const;

function degrees(value: number): Turn['rotation'] {
  return QUARTERS[((Math.round(value / 90) % 4) + 4) % 4] ?? 0;
}

/** The turn after `quarterTurns` more clockwise quarters, as seen on the screen. */
export function rotated(turn: Turn, quarterTurns: number): Turn {
  return { ...turn, rotation: degrees(turn.rotation + quarterTurns * 90) };
}

/** The turn after mirroring what the screen shows: a mirror after a rotation is the opposite rotation after the mirror. */
export function mirrored(turn: Turn, axis: 'horizontal' | 'vertical'): Turn {
  const rotation = axis === 'horizontal' ? -turn.rotation : 180 - turn.rotation;
  return { rotation: degrees(rotation), flipped: !turn.flipped };
}

/** Where the image's column direction (along a row, to the right) and row direction (down a column) point on the screen. */
export function axes(turn: Turn): { readonly x: readonly [number, number]; readonly y: readonly [number, number] } {
  const along = turn.flipped ? -1 : 1;
  const [cosine, sine] = ([[1, 0], [0, 1], [-1, 0], [0, -1]] as const)[QUARTERS.indexOf(turn.rotation)] ?? [1, 0];
  return { x: [along * cosine + 0, along * sine + 0], y: [-sine + 0, cosine + 0] };
}
