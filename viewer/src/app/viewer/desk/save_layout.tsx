/** Keeping what stands on the screen as a layout of one's own. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { Dialog } from '../../controls/dialog';
import type { DeskProps } from './desk';
import type { Kept } from './kept_look';
import { lt } from './texts';

const LONGEST_NAME = 60;

export function SaveLayout({ desk }: DeskProps): JSX.Element {
  const [name, setName] = useState('');
  const { hanging } = desk;
  const { modalities, bodyParts, prior } = hanging.saveFor;
  const close = (): void => { hanging.saving.value = false; };
  const save = (event: Event): void => {
    event.preventDefault();
    if (name.trim() === '') return;
    close();
    void hanging.save(name.trim());
  };
  return (
    <Dialog label={lt('hanging.save_title')} class="save-layout" onClose={close}>
      <form onSubmit={save}>
        <h2>{lt('hanging.save_title')}</h2>
        <p class="quiet">{lt('hanging.save_text')}</p>
        <p>
          <span class="quiet">{lt('hanging.for')}</span>{' '}
          {[modalities.join(' + '), bodyParts.join(', '), prior ? lt('hanging.with_prior') : lt('hanging.without_prior')].filter(Boolean).join(' · ')}
        </p>
        <KeptLooks kept={hanging.keeps} />
        <label>
          <span>{lt('hanging.name')}</span>
          <input class="input" type="text" required maxLength={LONGEST_NAME} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <div class="actions">
          <button type="button" class="button" onClick={close}>{lt('hanging.cancel')}</button>
          <button type="submit" class="button primary">{lt('hanging.save_button')}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Which of the cells are kept as they are seen, and which windows are not. */
function KeptLooks({ kept }: { readonly kept: Kept }): JSX.Element | null {
  const lines = (['windows', 'turned', 'inverted', 'ownWindows'] as const)
    .filter((what) => kept[what].length > 0).map((what) => ({ what, text: lt(`hanging.keeps.${what}`, { cells: kept[what].join(', ') }) }));
  return lines.length === 0 ? null : (
    <ul class="kept-looks">{lines.map(({ what, text }) => <li key={what} data-kept={what} data-warning={what === 'ownWindows'}>{text}</li>)}</ul>
  );
}
