/** Asked before a study is left whose drawings are not saved. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';

import { Dialog } from '../../controls/dialog';
import { st } from './texts';
import type { SavedWork } from './work';

/** Goes where the person wanted to; null: nobody is leaving. */
export const leaving = signal<(() => void) | null>(null);

export function LeaveDialog({ saved }: { readonly saved: SavedWork }): JSX.Element | null {
  const go = leaving.value;
  if (!go) return null;
  const stay = (): void => { leaving.value = null; };
  const leave = (): void => {
    leaving.value = null;
    go();
  };
  const keep = async (): Promise<void> => {
    if (await saved.saveAll()) leave();
    else stay(); // the panel says why
  };
  return (
    <Dialog label={st('saved.leave_title')} onClose={stay}>
      <div class="question">
        <h2>{st('saved.leave_title')}</h2>
        <p>{st('saved.leave_text')}</p>
        <div class="dialog-acts">
          <button type="button" class="button" onClick={stay}>{st('saved.leave_stay')}</button>
          <button type="button" class="button" onClick={leave}>{st('saved.leave_draft')}</button>
          <button type="button" class="button primary" onClick={() => void keep()}>{st('saved.leave_save')}</button>
        </div>
      </div>
    </Dialog>
  );
}
