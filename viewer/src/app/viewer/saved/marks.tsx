/** What others have drawn on the image of a cell and is no measurement, and the mark of a key image. */
import type { JSX } from 'preact';

import { type Affine, apply } from '../../../core/affine';
import type { Cell } from '../cell';
import { Icon } from '../../icons';
import type { SavedDrawing } from './api';
import { st } from './texts';
import type { SavedWork } from './work';
import '../../../styles/saved.css';

interface MarksProps {
  readonly saved: SavedWork;
  readonly cell: Cell;
}

export function SavedMarks({ saved, cell }: MarksProps): JSX.Element | null {
  const work = saved.of(cell.subject.value?.study);
  const view = cell.view.value;
  const image = view?.displaySet?.images[view.index];
  if (!work || !image || cell.state.value !== 'ready') return null;
  const shapes = work.shapesOn(image);
  const placement = cell.viewport?.placement ?? null;
  const key = work.isKeyImage({ sop_instance_uid: image.sopInstanceUid, frame: image.frame });
  return (
    <>
      {shapes.length > 0 && placement && (
        <svg class="saved-shapes" aria-hidden="true">{shapes.map((shape) => <Shape key={shape.id} shape={shape} placement={placement} />)}</svg>
      )}
      {key && <span class="saved-key-mark" role="img" aria-label={st('saved.key_image')} title={st('saved.key_image')}><Icon name="star" /></span>}
    </>
  );
}

interface ShapeProps {
  readonly shape: SavedDrawing;
  readonly placement: Affine;
}

function Shape({ shape, placement }: ShapeProps): JSX.Element {
  const points = shape.points.map((point) => apply(placement, point));
  if (shape.kind === 'label') {
    const [x, y] = points[0] ?? [0, 0];
    return <text>{shape.text.split(/\r?\n/).map((line, at) => <tspan key={at} x={x} y={y + at * 16}>{line}</tspan>)}</text>;
  }
  if (shape.kind === 'point') return <>{points.map(([x, y], at) => <path key={at} d={`M${x - 5} ${y}h10M${x} ${y - 5}v10`} />)}</>;
  const line = points.map((point) => point.join(',')).join(' ');
  return shape.kind === 'outline' ? <polygon points={line} /> : <polyline points={line} />;
}
