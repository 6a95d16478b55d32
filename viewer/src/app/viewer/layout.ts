/** The grids of cells: rows × columns, up to 4×4. */

export type Layout = `${number}x${number}`;

export const MOST_ROWS = 4;
export const MOST_COLUMNS = 4;
export const MOST_CELLS = MOST_ROWS * MOST_COLUMNS;

/** Those that one key steps through. */
export const USUAL_LAYOUTS: readonly Layout[] = ['1x1', '1x2', '2x1', '2x2'];

export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

const bounded = (value: number, most: number): number => Math.min(Math.max(Math.trunc(value) || 1, 1), most);

export function layoutOf({ rows, columns }: Grid): Layout {
  return `${bounded(rows, MOST_ROWS)}x${bounded(columns, MOST_COLUMNS)}`;
}

export function gridOf(layout: Layout): Grid {
  const [rows = 1, columns = 1] = layout.split('x').map(Number);
  return { rows: bounded(rows, MOST_ROWS), columns: bounded(columns, MOST_COLUMNS) };
}

export function cellsOf(layout: Layout): number {
  const { rows, columns } = gridOf(layout);
  return rows * columns;
}

/** The layout a text names; null for anything else. */
export function parseLayout(text: string): Layout | null {
  return /^[1-4]x[1-4]$/.test(text) ? (text as Layout) : null;
}

/** For CSS: `grid-template` of a layout. */
export function gridTemplate(layout: Layout): string {
  const { rows, columns } = gridOf(layout);
  return `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
}
