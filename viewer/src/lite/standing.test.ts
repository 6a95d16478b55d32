import { describe, expect, it } from 'vitest';

import { centreAtEdge, fittedZoom } from '../core/hanging/standing';
import { apply, imageToCell, viewOf } from './view';

describe('an image that is hung at the edge of its cell', () => {
  const turns = [0, 90, 180, 270].flatMap((rotation) => [false, true].map((flipped) => ({ rotation, flipped }) as Parameters<typeof fittedZoom>[1]));
  it.each(turns)('lies there by what the renderer draws, in cells of any size: $rotation $flipped', (turn) => {
    const image = { columns: 100, rows: 160, aspect: 1.5 };
    const size = { width: image.columns, height: image.rows };
    for (const cell of [{ width: 1283, height: 840 }, { width: 641, height: 420 }, { width: 300, height: 700 }]) {
      for (const magnification of [1, 0.7, 2]) {
        const zoom = fittedZoom(image, turn, cell) * magnification;
        for (const edge of ['left', 'right'] as const) {
          const view = viewOf({ ...turn, magnification, centre: null });
          const at = apply(imageToCell(view, size, image.aspect, cell), centreAtEdge(image, turn, zoom, cell, edge));
          const moved = imageToCell({ ...view, pan: [cell.width / 2 - at[0], cell.height / 2 - at[1]] }, size, image.aspect, cell);
          const across = ([[0, 0], [100, 0], [0, 160], [100, 160]] as const).map((corner) => apply(moved, corner));
          const xs = across.map(([x]) => x);
          expect(edge === 'left' ? Math.min(...xs) : Math.max(...xs)).toBeCloseTo(edge === 'left' ? 0 : cell.width, 6);
          expect(at[1]).toBeCloseTo(cell.height / 2, 6);
        }
      }
    }
  });
});
