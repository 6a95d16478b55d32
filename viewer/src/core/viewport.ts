/**
 * One image cell, whichever tier draws it: Lite (own WebGL2/Canvas renderer) and the reading room (Cornerstone3D) both
 * implement this, and the application knows nothing else of either.
 */
import type { Affine } from './affine';
import type { DisplaySet } from './display_set';
import type { Point } from './geometry';
import type { Measurement, MeasurementKind } from './measurement';
import type { Presentation } from './presentation';

export type { Measurement, MeasurementKind } from './measurement';

/** Window level/width in modality units (PS3.3 C.11.2.1.2); `function` is the VOI LUT Function. */
export interface Voi {
  readonly center: number;
  readonly width: number;
  readonly function: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

/** What the pixels on screen are worth; always shown on the image. */
export type Quality = 'preview' | 'partial' | 'lossless' | 'lossy' | 'error';

/** `window_region` sets the window by a box that is drawn, `magnifier` shows what is under the hand larger. */
export type Tool = 'window' | 'pan' | 'zoom' | 'scroll' | 'window_region' | 'magnifier' | MeasurementKind;

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
  /** Those on images of the display set, in the order of drawing. */
  readonly measurements: readonly Measurement[];
  /** A drawing is under the hand and not finished. */
  readonly drawing: boolean;
  /** A cross on the image is moved by keys. */
  readonly steering: boolean;
  /** The measurement last touched, if it is one of these. */
  readonly selected: string | null;
  /** The drawing whose text is asked for, and where it is in the cell (CSS pixels). */
  readonly editing: { readonly id: string; readonly at: Point } | null;
  readonly undoable: boolean;
  readonly redoable: boolean;
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
  /** Put back a measurement that exists; one of the same id is replaced. It needs not be of the display set shown. */
  addMeasurement(measurement: Measurement): void;
  removeMeasurement(id: string): void;
  /** The words of an arrow or text; a text without words goes. Ends what `editing` asks for. */
  setText(id: string, text: string): void;
  /** Ask for the words of an arrow or text again. */
  editText(id: string): void;
  /** Calibrate the image by saying how long a length drawn on it is, in millimetres; false where its header is sure. */
  calibrate(id: string, millimetres: number): boolean;
  /** Give up the drawing under the hand, and drawing by keys; false when there is neither. */
  cancelDrawing(): boolean;
  /** Drawing by keys: what a click would do where the cross is; the first time only shows it, in the middle. */
  setPoint(): void;
  /** Move the cross by CSS pixels. */
  steer(dx: number, dy: number): void;
  /** Of drawing: the whole page's, last one first. */
  undo(): void;
  redo(): void;
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
