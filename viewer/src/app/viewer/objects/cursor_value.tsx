/** What a colour wash is worth under the pointer: read from the grid itself, not from the colours. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { type Affine, apply, inverse } from '../../../core/affine';
import type { ImageReference } from '../../../core/display_set';
import type { Point } from '../../../core/geometry';
import { amountText, type Layer } from './layer';
import { obt } from './texts';

interface CursorValueProps {
  readonly layer: Layer;
  readonly image: ImageReference;
  /** From image coordinates to CSS pixels of the cell. */
  readonly placement: Affine;
}

export function CursorValue({ layer, image, placement }: CursorValueProps): JSX.Element | null {
  const line = useRef<HTMLParagraphElement>(null);
  const [pointer, setPointer] = useState<Point | null>(null);
  const { valueAt, scale } = layer;
  useEffect(() => {
    const cell = line.current?.closest<HTMLElement>('[data-viewport]');
    if (!cell) return undefined;
    const follow = (event: PointerEvent): void => {
      const box = cell.querySelector('.canvas-hosts')?.getBoundingClientRect();
      const onImage = box && !(event.target instanceof Element && event.target.closest('.legend'));
      setPointer(onImage ? [event.clientX - box.left, event.clientY - box.top] : null);
    };
    const leave = (): void => setPointer(null);
    cell.addEventListener('pointermove', follow);
    cell.addEventListener('pointerleave', leave);
    return () => {
      cell.removeEventListener('pointermove', follow);
      cell.removeEventListener('pointerleave', leave);
    };
  }, [valueAt === null]);
  if (!valueAt || !scale) return null;
  const share = pointer && valueAt(image, apply(inverse(placement), pointer));
  return (
    <p ref={line} class="legend-cursor" data-known={share !== null}>
      {obt('layer.at_pointer')} <strong>{share === null ? NO_VALUE : amountText(scale, share)}</strong>
    </p>
  );
}

/** The same in every language. */
const NO_VALUE = '–';
