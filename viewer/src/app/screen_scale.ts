/** How large a CSS pixel is on this screen, as somebody has measured it here; browsers do not know. */
import { signal } from '@preact/signals';

const STORED_UNDER = 'filmless.pixels_per_mm';
/** From a projector to the finest telephone. */
const LIMITS = { least: 0.5, most: 30 } as const;

/** The width of a bank card or citizen card in millimetres (ISO/IEC 7810 ID-1). */
export const CARD_WIDTH_MM = 85.6;
export const CARD_HEIGHT_MM = 53.98;

export function isScale(value: number): boolean {
  return Number.isFinite(value) && value >= LIMITS.least && value <= LIMITS.most;
}

function stored(): number | null {
  try {
    const value = Number.parseFloat(localStorage.getItem(STORED_UNDER) ?? '');
    return isScale(value) ? value : null;
  } catch {
    return null; // storage is switched off, or there is none
  }
}

/** CSS pixels to a millimetre on this screen; null until measured. */
export const pixelsPerMm = signal<number | null>(stored());

export function setPixelsPerMm(value: number): void {
  if (!isScale(value)) return;
  pixelsPerMm.value = value;
  try {
    localStorage.setItem(STORED_UNDER, String(value));
  } catch {
    // It holds for this page.
  }
}
