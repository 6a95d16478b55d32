/** A draft has been put back on the images: said beside them while the panel is closed, to be kept or discarded. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';

import { formatMoment } from '../../../i18n/dates';
import { Icon } from '../../icons';
import { st } from './texts';
import type { SavedWork } from './work';
import '../../../styles/saved.css';

export function RestoredNotice({ saved }: { readonly saved: SavedWork }): JSX.Element | null {
  const seen = useSignal<ReadonlySet<string>>(new Set());
  const work = saved.works.value.find(({ study, restored }) => restored.value !== null && !seen.value.has(study.uid));
  const at = work?.restored.value ?? null;
  if (!work || at === null || saved.workspace.measurementsShown.value) return null;
  const keep = (): void => { seen.value = new Set(seen.peek()).add(work.study.uid); };
  return (
    <div class="banner saved-notice" role="status">
      <Icon name="measurements" />
      <span>{st('saved.restored', { moment: formatMoment(at) })}</span>
      <button type="button" class="button" data-command="keep_draft" onClick={keep}>{st('saved.keep')}</button>
      <button type="button" class="button" data-command="discard_draft" onClick={() => void work.discard()}>{st('saved.discard')}</button>
    </div>
  );
}
