/** The panel of what is saved: saving what is drawn, this view and key images, and opening what anybody has saved. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';

import { formatMoment } from '../../../i18n/dates';
import { Icon } from '../../icons';
import { EntryList } from './entries';
import { KEY_TITLES } from './key_titles';
import type { StudyWork } from './study_work';
import { splural, st } from './texts';
import type { SavedWork } from './work';
import '../../../styles/saved.css';

interface SectionProps {
  readonly saved: SavedWork;
}

export function SavedSection({ saved }: SectionProps): JSX.Element | null {
  const work = saved.active.value;
  if (!work) return null;
  return (
    <section class="saved" aria-label={st('saved.title')}>
      <SaveDrawn work={work} />
      <Restored work={work} />
      <SaveView saved={saved} work={work} />
      <KeyImages saved={saved} work={work} />
      <EntryList saved={saved} work={work} />
    </section>
  );
}

interface WorkProps {
  readonly work: StudyWork;
}

/** Whether what is drawn is saved, and saving it: in the panel, and beside the lengths of a volume. */
export function SaveDrawn({ work }: WorkProps): JSX.Element {
  const state = work.state.value;
  const unsaved = work.unsavedDrawings.value;
  const problem = state !== 'idle' && state !== 'saving';
  return (
    <div class="saved-now" data-save-state={state} data-unsaved={unsaved}>
      <p role="status" class={problem ? 'saved-problem' : 'quiet'}>{saidOf(work)}</p>
      <button
        type="button" class="button primary" data-command="save_measurements" title={`${st('saved.save')} (Ctrl+S)`} aria-keyshortcuts="Control+S"
        disabled={!unsaved || state === 'saving'} onClick={() => void work.saveMeasurements()}
      >
        {st('saved.save')}
      </button>
    </div>
  );
}

function saidOf(work: StudyWork): string {
  const [state, drawn, unsaved] = [work.state.value, work.drawn.value, work.unsavedDrawings.value];
  if (state !== 'idle') return st(`saved.${state}`);
  if (drawn === 0) return st(unsaved ? 'saved.all_deleted' : 'saved.nothing');
  return unsaved ? splural('saved.unsaved', drawn) : st('saved.all_saved');
}

function Restored({ work }: WorkProps): JSX.Element | null {
  const at = work.restored.value;
  if (at === null) return null;
  return (
    <div class="saved-restored">
      <p role="status">{st('saved.restored', { moment: formatMoment(at) })}</p>
      <button type="button" class="button" onClick={() => void work.discard()}>{st('saved.discard')}</button>
    </div>
  );
}

function SaveView({ saved, work }: SectionProps & WorkProps): JSX.Element {
  const name = useSignal('');
  const cell = saved.workspace.activeCell.value;
  const view = cell.view.value;
  const full = view?.quality === 'lossless' || view?.quality === 'lossy';
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { viewport } = cell;
    const shown = viewport?.state;
    const image = shown?.displaySet?.images[shown.index];
    if (!viewport || !shown || !image) return;
    const look = { ...viewport.presentation, window: shown.voi, inverted: shown.inverted };
    const kept = await work.saveView({ name: name.value.trim(), sop_instance_uid: image.sopInstanceUid, frame: image.frame, look });
    if (kept) name.value = '';
  };
  return (
    <form class="saved-form" onSubmit={(event) => void keep(event)} title={st('saved.view_hint')}>
      <input
        type="text" maxLength={64} value={name.value} placeholder={st('saved.view_name')} aria-label={st('saved.view_name')} autocomplete="off"
        onInput={(event) => { name.value = event.currentTarget.value; }}
      />
      <button type="submit" class="button" data-command="save_view" disabled={!full || work.state.value === 'saving'}>{st('saved.view')}</button>
    </form>
  );
}

function KeyImages({ saved, work }: SectionProps & WorkProps): JSX.Element {
  const title = useSignal<string>(KEY_TITLES[0]);
  const note = useSignal('');
  const view = saved.workspace.activeCell.value.view.value;
  const image = view?.displaySet?.images[view.index];
  const chosen = work.chosen.value;
  const marked = image !== undefined
    && chosen.some((one) => one.sop_instance_uid === image.sopInstanceUid && one.frame === image.frame);
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await work.saveKeyImages(title.value, note.value.trim())) note.value = '';
  };
  return (
    <div class="saved-key-images">
      <button
        type="button" class="button" data-command="key_image" aria-pressed={marked} aria-keyshortcuts="F2" disabled={image === undefined}
        onClick={() => saved.markImage()}
      >
        <Icon name="star" />
        {marked ? st('saved.unmark') : st('saved.mark')}
      </button>
      {chosen.length > 0 && (
        <form class="saved-form" onSubmit={(event) => void keep(event)}>
          <p class="quiet">{splural('saved.chosen', chosen.length)}</p>
          <label>
            <span>{st('saved.key_title')}</span>
            <select value={title.value} onChange={(event) => { title.value = event.currentTarget.value; }}>
              {KEY_TITLES.map((code) => <option key={code} value={code}>{st(`saved.key.${code}`)}</option>)}
            </select>
          </label>
          <label>
            <span>{st('saved.note')}</span>
            <input type="text" maxLength={1024} value={note.value} autocomplete="off" onInput={(event) => { note.value = event.currentTarget.value; }} />
          </label>
          <button type="submit" class="button primary" data-command="save_key_images" disabled={work.state.value === 'saving'}>
            {st('saved.save_key_images')}
          </button>
        </form>
      )}
    </div>
  );
}
