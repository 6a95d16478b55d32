/** The filters that a person has saved: to take one, to save what is shown, to rename and delete. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import { Dialog } from '../controls/dialog';
import { Menu, MenuItem } from '../controls/menu';
import { Icon } from '../icons';
import type { Preference } from '../preference';
import { type Filter, isFiltered, NO_FILTER, sameFilter } from './filter';
import { filterText } from './filter_text';
import { filterOf, isTaken, LONGEST_NAME, MOST_SAVED, renamed, type SavedFilter, type SavedFilters, shownSaved, withoutSaved, withSaved } from './saved_filter';
import { splural, st } from './texts';

interface SavedProps {
  readonly saved: Preference<SavedFilters>;
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

export function SavedMenu({ saved, filter, onChange }: SavedProps): JSX.Element {
  const [dialog, setDialog] = useState<'save' | 'manage' | null>(null);
  const all = saved.value.value;
  const shown = shownSaved(all, filter);
  return (
    <>
      <Menu label={st('saved.title')} icon="bookmark" caption={shown?.name ?? st('saved.title')} buttonClass="button list-tool saved-filters">
        <MenuItem label={st('saved.everything')} checked={sameFilter(filter, NO_FILTER)} onChoose={() => onChange(NO_FILTER)} />
        {all.filters.map((one) => (
          <MenuItem key={one.name} label={one.name} checked={one === shown} onChoose={() => onChange(filterOf(one))} />
        ))}
        {all.filters.length === 0 && <p class="menu-note">{st('saved.none')}</p>}
        <hr />
        {isFiltered(filter) && shown === null && <MenuItem label={st('saved.save')} icon="bookmark" onChoose={() => setDialog('save')} />}
        {all.filters.length > 0 && <MenuItem label={st('saved.manage')} icon="more" onChoose={() => setDialog('manage')} />}
      </Menu>
      {dialog === 'save' && <SaveDialog saved={saved} filter={filter} onClose={() => setDialog(null)} />}
      {dialog === 'manage' && <ManageDialog saved={saved} onClose={() => setDialog(null)} />}
    </>
  );
}

interface SaveDialogProps {
  readonly saved: Preference<SavedFilters>;
  readonly filter: Filter;
  readonly onClose: () => void;
}

function SaveDialog({ saved, filter, onClose }: SaveDialogProps): JSX.Element {
  const [name, setName] = useState(filterText(filter).slice(0, LONGEST_NAME));
  const [note, setNote] = useState('');
  const id = useId();
  const taken = isTaken(saved.value.value, name);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (name.trim() === '') setNote(st('saved.name_missing'));
    else if (!taken && saved.value.value.filters.length >= MOST_SAVED) setNote(splural('saved.full', MOST_SAVED));
    else if (await saved.change(withSaved(saved.value.value, name, filter))) onClose();
    else setNote(st('saved.failed'));
  };
  return (
    <Dialog label={st('saved.save')} onClose={onClose}>
      <form class="question" onSubmit={(event) => void submit(event)} noValidate>
        <h2>{st('saved.save')}</h2>
        <p>{st('saved.what')}: {filterText(filter)}</p>
        <label for={id}>{st('saved.name')}</label>
        <input
          id={id} class="field" type="text" maxLength={LONGEST_NAME} autocomplete="off" value={name} autofocus
          aria-describedby={`${id}-note`} onFocus={(event) => event.currentTarget.select()}
          onInput={(event) => { setName(event.currentTarget.value); setNote(''); }}
        />
        <p id={`${id}-note`} class={note ? 'field-error' : 'quiet'} role="status">{note || st(taken ? 'saved.name_taken' : 'saved.follows')}</p>
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>{t('app.cancel')}</button>
          <button type="submit" class="button primary">{st(taken ? 'saved.replace' : 'saved.keep')}</button>
        </div>
      </form>
    </Dialog>
  );
}

function ManageDialog({ saved, onClose }: Omit<SaveDialogProps, 'filter'>): JSX.Element {
  const [failed, setFailed] = useState(false);
  const all = saved.value.value;
  const change = (next: SavedFilters): void => {
    if (next !== all) void saved.change(next).then((kept) => setFailed(!kept));
  };
  const raise = (at: number): void => {
    const [one, before] = [all.filters[at], all.filters[at - 1]];
    if (one && before) change({ filters: all.filters.with(at - 1, one).with(at, before) });
  };
  return (
    <Dialog label={st('saved.title')} class="list-dialog" onClose={onClose}>
      <header>
        <h2>{st('saved.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
      </header>
      <p class="quiet">{st('saved.follows')}</p>
      {all.filters.length === 0 && <p>{st('saved.none')}</p>}
      <ul class="arranged">
        {all.filters.map((one, at) => (
          <SavedRow
            key={one.name} saved={one} first={at === 0} onRaise={() => raise(at)}
            onRename={(name) => change(renamed(all, one, name))} onDelete={() => change(withoutSaved(all, one))}
          />
        ))}
      </ul>
      {failed && <p class="field-error" role="alert">{st('saved.failed')}</p>}
      <div class="dialog-acts">
        <button type="button" class="button primary" onClick={onClose}>{st('filters.done')}</button>
      </div>
    </Dialog>
  );
}

interface SavedRowProps {
  readonly saved: SavedFilter;
  readonly first: boolean;
  readonly onRaise: () => void;
  readonly onRename: (name: string) => void;
  readonly onDelete: () => void;
}

function SavedRow({ saved, first, onRaise, onRename, onDelete }: SavedRowProps): JSX.Element {
  const { name } = saved;
  return (
    <li>
      <span class="named">
        <input
          class="field" type="text" maxLength={LONGEST_NAME} autocomplete="off" aria-label={st('saved.rename', { name })} value={name}
          onChange={(event) => {
            onRename(event.currentTarget.value);
            event.currentTarget.value = name; // a name that is taken or blank is not accepted
          }}
        />
        <span class="quiet">{filterText(filterOf(saved))}</span>
      </span>
      <button type="button" class="icon-button" aria-label={st('saved.up', { name })} title={st('saved.up', { name })} disabled={first} onClick={onRaise}>
        <Icon name="chevron_up" />
      </button>
      <button type="button" class="icon-button" aria-label={st('saved.delete', { name })} title={st('saved.delete', { name })} onClick={onDelete}>
        <Icon name="remove" />
      </button>
    </li>
  );
}
