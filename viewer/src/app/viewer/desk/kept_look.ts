/** How the image of a cell is seen, as it is kept with a layout and put back: turns, window, inversion. */
import type { ImageReference } from '../../../core/display_set';
import { edgeLetters } from '../../../core/geometry';
import { grayscaleParameters } from '../../../core/grayscale';
import type { CellRule } from '../../../core/hanging/protocol';
import { isGrayscale, pixelFormat } from '../../../core/pixel_format';
import type { Viewport, Voi } from '../../../core/viewport';
import type { Cell } from '../cell';
import { standingOf } from './arrangement';

export type Look = Pick<CellRule, 'right' | 'bottom' | 'align' | 'turn' | 'voi' | 'inverted'>;

/** What of the cells is kept with a layout, by their numbers. */
export interface Kept {
  readonly windows: readonly number[];
  /** Their window was changed, and is not kept: it means something for these values alone. */
  readonly ownWindows: readonly number[];
  readonly turned: readonly number[];
  readonly inverted: readonly number[];
}

function imageOf(viewport: Viewport): ImageReference | null {
  const { displaySet, index } = viewport.state;
  return displaySet?.images[index] ?? null;
}

function parametersOf({ instance, frame }: ImageReference): ReturnType<typeof grayscaleParameters> | null {
  const format = pixelFormat(instance);
  return format && isGrayscale(format) ? grayscaleParameters(instance, frame, format) : null;
}

const same = (one: Voi, other: Voi): boolean => one.center === other.center && one.width === other.width && one.function === other.function;

/** The window the reader has given to a cell; null where it is the image's own. */
function chosenVoi(viewport: Viewport): { readonly voi: Voi; readonly hounsfield: boolean } | null {
  const [image, { voi }] = [imageOf(viewport), viewport.state];
  const parameters = image && parametersOf(image);
  const [own] = parameters?.windows ?? [];
  // Without a window in the header the image is shown from its least to its largest value: that is no choice either.
  if (!parameters || !voi || !own || same(own, voi)) return null;
  return { voi, hounsfield: parameters.unit === 'HU' };
}

/** Directions where the header knows them, so that the same side is up whichever way the next patient lay. */
function turnOf(viewport: Viewport, hung: CellRule | null): Look {
  const [image, { rotation, flipped }, { orientation }] = [imageOf(viewport), viewport.presentation, viewport.state];
  const turned = rotation !== 0 || flipped;
  const hungTurned = hung?.right !== undefined || hung?.bottom !== undefined;
  if (!image || (!turned && !hungTurned)) return {};
  const [right, bottom] = [orientation.right.slice(0, 1), orientation.bottom.slice(0, 1)];
  const known = right !== '' && bottom !== '' && edgeLetters(image.instance, image.frame).right !== '';
  if (!known) return turned ? { turn: { rotation, flipped } } : {};
  const asHung = hung?.align !== undefined && orientation.right.startsWith(hung.right ?? '') && orientation.bottom.startsWith(hung.bottom ?? '');
  return { right, bottom, ...(asHung ? { align: hung.align } : {}) };
}

/** What is kept of a cell; `hung`: the rule by which its image came there. */
export function lookOf(cell: Cell, hung: CellRule | null): Look {
  const { viewport } = cell;
  if (!viewport || cell.state.peek() !== 'ready') return {};
  const chosen = chosenVoi(viewport);
  return {
    ...turnOf(viewport, hung),
    ...(chosen?.hounsfield ? { voi: chosen.voi } : {}),
    ...(viewport.state.inverted ? { inverted: true } : {}),
  };
}

/** What `lookOf` keeps of all cells, to be said before it is kept. */
export function keptOf(cells: readonly Cell[]): Kept {
  const numbers = (holds: (viewport: Viewport) => boolean): readonly number[] => cells
    .filter((cell) => cell.viewport !== null && cell.state.peek() === 'ready' && holds(cell.viewport)).map((cell) => cell.number);
  return {
    windows: numbers((viewport) => chosenVoi(viewport)?.hounsfield === true),
    ownWindows: numbers((viewport) => chosenVoi(viewport)?.hounsfield === false),
    turned: numbers(({ presentation: { rotation, flipped } }) => rotation !== 0 || flipped),
    inverted: numbers(({ state }) => state.inverted),
  };
}

/** That a rule says more than where the image stands. */
export function hasLook({ turn, voi, inverted, right, bottom }: CellRule): boolean {
  return turn !== undefined || voi !== undefined || inverted === true || right !== undefined || bottom !== undefined;
}

/** See the image as the rule says; false when it wants a side at an edge and the header does not tell where that is. */
export function applyLook(viewport: Viewport, rule: CellRule): boolean {
  const image = imageOf(viewport);
  const standing = image ? standingOf(image, rule) : null;
  if (standing) viewport.setPresentation(standing);
  if (rule.voi && image && parametersOf(image)?.unit === 'HU') viewport.setVoi(rule.voi);
  if (rule.inverted === true) viewport.setInverted(true);
  return standing !== null || rule.align === undefined;
}
