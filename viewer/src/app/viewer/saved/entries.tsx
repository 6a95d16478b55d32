/** The list of what is saved in a study: what, by whom, when, and showing it. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';

import { formatMoment } from '../../../i18n/dates';
import { Icon, type IconName } from '../../icons';
import type { SavedContent, SavedEntry, SavedImage } from './api';
import { isKeyTitle } from './key_titles';
import type { StudyWork } from './study_work';
import { splural, st } from './texts';
import type { SavedWork } from './work';

const ICONS: Readonly<Record<SavedEntry['kind'], IconName>> = { measurements: 'measurements', view: 'picture', key_images: 'star' };
const UNSUPPORTED = ['voi_lut', 'presentation_lut', 'mask', 'modality', 'shutter', 'overlays', 'spatial_shape'] as const;

interface ListProps {
  readonly saved: SavedWork;
  readonly work: StudyWork;
}

export function EntryList({ saved, work }: ListProps): JSX.Element {
  const entries = work.entries.value;
  const current = (entries ?? []).filter(({ superseded }) => !superseded);
  const earlier = (entries ?? []).filter(({ superseded }) => superseded);
  return (
    <>
      <h3>{st('saved.title')}</h3>
      {work.listFailed.value && (
        <div class="saved-restored">
          <p role="alert">{st('saved.list_failed')}</p>
          <button type="button" class="button" onClick={() => void work.readList()}>{st('saved.retry')}</button>
        </div>
      )}
      {entries === null && !work.listFailed.value && <p class="quiet">{st('saved.reading')}</p>}
      {entries?.length === 0 && <p class="quiet">{st('saved.empty')}</p>}
      <ul class="saved-list">{current.map((entry) => <li key={entry.sop_instance_uid}><Entry saved={saved} work={work} entry={entry} /></li>)}</ul>
      {earlier.length > 0 && (
        <details>
          <summary>{splural('saved.earlier', earlier.length)}</summary>
          <ul class="saved-list">{earlier.map((entry) => <li key={entry.sop_instance_uid}><Entry saved={saved} work={work} entry={entry} /></li>)}</ul>
        </details>
      )}
      <Unsupported saved={saved} />
    </>
  );
}

function Unsupported({ saved }: { readonly saved: SavedWork }): JSX.Element | null {
  const names = UNSUPPORTED.filter((name) => saved.unsupported.value.includes(name));
  if (names.length === 0) return null;
  return <p class="saved-problem" role="status">{st('saved.unsupported', { what: names.map((name) => st(`saved.unsupported.${name}`)).join(', ') })}</p>;
}

/** What an entry is called in the list. */
export function entryName({ kind, name, title, count }: SavedEntry): string {
  if (kind === 'measurements' && count === 0) return [st('saved.withdrawn'), name].filter(Boolean).join(' · ');
  if (kind === 'measurements') return [splural('saved.measurements', count), name].filter(Boolean).join(' · ');
  if (kind === 'view') return name === '' ? st('saved.view_unnamed') : name;
  const what = isKeyTitle(title) ? st(`saved.key.${title}`) : st('saved.key_image');
  return `${what} · ${splural('saved.images', count)}`;
}

interface EntryProps extends ListProps {
  readonly entry: SavedEntry;
}

function Entry({ saved, work, entry }: EntryProps): JSX.Element {
  const expanded = useSignal(false);
  const name = entryName(entry);
  const content = work.contents.value.get(entry.sop_instance_uid);
  const shown = work.shown.value.has(entry.sop_instance_uid);
  const open = async (): Promise<void> => {
    if (entry.kind === 'view') await saved.openView(work, entry);
    else if (entry.kind === 'measurements') await saved.openMeasurements(work, entry);
    else {
      expanded.value = !expanded.peek();
      const read = await work.read(entry);
      const [first] = read?.images ?? [];
      if (expanded.peek() && first) await saved.goTo(work.study, first);
    }
  };
  return (
    <>
      <button
        type="button" class="saved-entry" data-saved={entry.sop_instance_uid} data-kind={entry.kind} title={st('saved.open', { name })}
        disabled={entry.of_another || (entry.kind === 'measurements' && entry.count === 0)}
        aria-expanded={entry.kind === 'key_images' ? expanded.value : undefined} onClick={() => void open()}
      >
        <Icon name={ICONS[entry.kind]} />
        <span>
          <span class="primary">{name}</span>
          <span class="secondary number">
            {[entry.by || st('saved.by_nobody'), entry.at === null ? st('saved.no_time') : formatMoment(entry.at)].join(' · ')}
          </span>
          {entry.kind === 'key_images' && entry.name !== '' && <span class="secondary">{entry.name}</span>}
          {entry.of_another && <span class="saved-problem">{st('saved.of_another')}</span>}
        </span>
      </button>
      {shown && (
        <button
          type="button" class="icon-button" aria-label={st('saved.hide', { name })} title={st('saved.hide', { name })}
          onClick={() => work.hide(entry.sop_instance_uid)}
        >
          <Icon name="eye" />
        </button>
      )}
      {expanded.value && content && <ImageList saved={saved} work={work} content={content} />}
    </>
  );
}

function ImageList({ saved, work, content }: ListProps & { readonly content: SavedContent }): JSX.Element {
  return (
    <ol class="saved-images">
      {content.images.map((image) => {
        const number = imageNumber(work, image);
        return (
          <li key={`${image.sop_instance_uid}/${image.frame ?? ''}`}>
            <button type="button" class="button" disabled={number === null} onClick={() => void saved.goTo(work.study, image)}>
              {number === null ? st('saved.image_elsewhere') : st('saved.image_number', { number })}
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** The numbers an image goes by: of its series, its own, its frame where it has several. */
function imageNumber(work: StudyWork, { sop_instance_uid: uid, frame }: SavedImage): string | null {
  for (const series of work.study.manifest.value?.series ?? []) {
    const found = series.instances.find((one) => one.sop_instance_uid === uid);
    if (!found) continue;
    const frames = found.number_of_frames > 1 && frame !== null ? [frame] : [];
    return [series.series_number, found.instance_number, ...frames].filter((one) => one !== null).join('.');
  }
  return null;
}
