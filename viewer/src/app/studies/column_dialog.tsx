/** Which columns the list has, and in which order. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import type { Preference } from '../preference';
import { type Column, type ColumnChoice, COLUMNS, moved, USUAL_COLUMNS } from './columns';
import { st } from './texts';

interface ColumnDialogProps {
  readonly choice: Preference<ColumnChoice>;
  readonly onClose: () => void;
}

export function ColumnDialog({ choice, onClose }: ColumnDialogProps): JSX.Element {
  const chosen = choice.value.value.columns;
  const shown = chosen.length > 0 ? chosen : USUAL_COLUMNS;
  const change = (columns: readonly Column[]): void => void choice.change({ columns });
  const toggle = (column: Column): void => change(shown.includes(column) ? shown.filter((one) => one !== column) : [...shown, column]);
  return (
    <Dialog label={st('columns.title')} class="list-dialog" onClose={onClose}>
      <header>
        <h2>{st('columns.title')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}><Icon name="close" /></button>
      </header>
      <p class="quiet">{st('columns.lead')} {st('saved.follows')}</p>
      <ul class="arranged">
        {[...shown, ...COLUMNS.filter((column) => !shown.includes(column))].map((column) => (
          <ColumnItem key={column} column={column} shown={shown} onToggle={() => toggle(column)} onMove={(step) => change(moved(shown, column, step))} />
        ))}
      </ul>
      <div class="dialog-acts">
        <button type="button" class="button" disabled={chosen.length === 0} onClick={() => change([])}>{st('columns.reset')}</button>
        <button type="button" class="button primary" onClick={onClose}>{st('filters.done')}</button>
      </div>
    </Dialog>
  );
}

interface ColumnItemProps {
  readonly column: Column;
  readonly shown: readonly Column[];
  readonly onToggle: () => void;
  readonly onMove: (step: -1 | 1) => void;
}

function ColumnItem({ column, shown, onToggle, onMove }: ColumnItemProps): JSX.Element {
  const name = st(`column.${column}`);
  const at = shown.indexOf(column);
  return (
    <li data-column={column}>
      <label class="named">
        <input type="checkbox" checked={at >= 0} disabled={column === 'patient'} onChange={onToggle} />
        {name}
      </label>
      <button
        type="button" class="icon-button" aria-label={st('columns.up', { name })} title={st('columns.up', { name })}
        disabled={at <= 0} onClick={() => onMove(-1)}
      >
        <Icon name="chevron_up" />
      </button>
      <button
        type="button" class="icon-button" aria-label={st('columns.down', { name })} title={st('columns.down', { name })}
        disabled={at < 0 || at === shown.length - 1} onClick={() => onMove(1)}
      >
        <Icon name="chevron_down" />
      </button>
    </li>
  );
}
