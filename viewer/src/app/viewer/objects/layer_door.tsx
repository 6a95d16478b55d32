/** A layer that was put into a cell by itself: its images are opened under it, or it says why not. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { addLayer } from './layering';
import { type ObjectProps, Unshown } from './object_view';
import { obt } from './texts';

export function LayerDoor(props: ObjectProps): JSX.Element {
  const [refused, setRefused] = useState<string | null>(null);
  useEffect(() => {
    const subject = props.cell.subject.peek();
    if (!subject) return;
    addLayer(props.cell, subject).then(
      (done) => { if (!done) setRefused(obt('layer.refused.no_images')); },
      () => setRefused(obt('object.failed')),
    );
  }, []);
  if (refused !== null) return <Unshown {...props} reason={refused} />;
  return <div class="cell-message"><div class="spinner" role="status" aria-label={obt('object.loading')} /></div>;
}
