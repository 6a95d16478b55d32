/**
 * One image cell, whichever tier draws it: Lite (own WebGL2/Canvas renderer) and the reading room (Cornerstone3D) both
 * implement this, and the application knows nothing else of either.
 */
import type { Affine } from './affine';
import type { DisplaySet } from './display_set';
import type { Presentation } from './presentation';
import type { RegionRefusal } from './us_region';

/** Window level/width in modality units (PS3.3 C.11.2.1.2); `function` is the VOI LUT Function. */
export interface Voi {
  readonly center: number;
  readonly width: number;
  readonly function: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

/** What the pixels on screen are worth; always shown on the image. */
export type Quality = 'preview' | 'partial' | 'lossless' | 'lossy' | 'error';

export type Tool = 'window' | 'pan' | 'zoom' | 'scroll' | 'length' | 'ellipse' | 'rectangle';

/** A measurement drawn on one image; lengths in millimetres when `calibrated`, otherwise pixels. */
export interface Measurement {
  readonly id: string;
  readonly kind: 'length' | 'ellipse' | 'rectangle';
  readonly sopInstanceUid: string;
  readonly frame: number;
  /** Handles in image coordinates: column, row in pixels, (0,0) the outer corner of the first pixel. */
  readonly points: readonly (readonly [number, number])[];
  readonly calibrated: boolean;
  /** Why there is neither length nor area: the points lie not in one region of an ultrasound image, or that has other axes. */
  readonly refused?: RegionRefusal;
  readonly length?: number;
  readonly area?: number;
  readonly mean?: number;
  readonly standardDeviation?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Unit of mean/min/max: HU, SUV, or empty for stored values. */
  readonly unit: string;
}

/** Everything the overlays around an image need; sent after every change. */
export interface ViewportState {
  readonly displaySet: DisplaySet | null;
  /** 0-based position in the display set's images. */
  readonly index: number;
  readonly count: number;
  readonly voi: Voi | null;
  readonly inverted: boolean;
  /** Screen (CSS) pixels per image pixel. */
  readonly zoom: number;
  readonly quality: Quality;
  readonly playing: boolean;
  /** Set when the image cannot be shown; a catalogue key of src/i18n. */
  readonly errorKey: string | null;
  /** Patient-axis letters at the edges (PS3.3 C.7.6.1.1.1), e.g. left 'R'; empty when unknown. */
  readonly orientation: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
  readonly measurements: readonly Measurement[];
}

export interface Viewport {
  readonly element: HTMLElement;
  /** Show an image of a display set; resolves when its first pixels are on screen, and goes on to full quality by itself. */
  show(displaySet: DisplaySet, index?: number): Promise<void>;
  scrollTo(index: number): void;
  scrollBy(delta: number): void;
  setVoi(voi: Voi): void;
  setInverted(inverted: boolean): void;
  /** The tool of the primary button; wheel scrolls, middle drags pan, right drags zoom, pinch zooms always. */
  setTool(tool: Tool): void;
  zoomBy(factor: number): void;
  /** Fit, default window, not inverted, no rotation. */
  reset(): void;
  rotate(quarterTurns: number): void;
  flip(axis: 'horizontal' | 'vertical'): void;
  play(framesPerSecond?: number): void;
  stop(): void;
  removeMeasurement(id: string): void;
  subscribe(listener: (state: ViewportState) => void): () => void;
  readonly state: ViewportState;
  /** How the image stands in the cell; `setPresentation` puts it so again, in either renderer and a cell of any size. */
  readonly presentation: Presentation;
  setPresentation(presentation: Presentation): void;
  /** From image coordinates to CSS pixels of the cell; null while no image is shown. */
  readonly placement: Affine | null;
  /** Frees GPU memory, listeners and workers. */
  destroy(): void;
}

export interface ViewportFactory {
  readonly tier: 'lite' | 'reading';
  create(element: HTMLElement): Promise<Viewport>;
}
