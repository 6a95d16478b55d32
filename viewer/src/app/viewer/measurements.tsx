/** What has been measured in the active cell. */
import type { JSX } from 'preact';

import { t } from '../../i18n/locale';
import '../../i18n/pages';
import { Icon } from '../icons';
import { DRAWING_COMMANDS } from './drawing_commands';
import { dt } from './drawing_texts';
import { MeasurementRow } from './measurement_row';
import { keyCap, strokeOf } from './key_map';
import { savedPart } from './saved/later';
import type { Workspace } from './workspace';

export function Measurements({ workspace }: { readonly workspace: Workspace }): JSX.Element {
  const cell = workspace.activeCell.value;
  const view = cell.view.value;
  const measurements = view?.measurements ?? [];
  const close = (): void => { workspace.measurementsShown.value = false; };
  const step = (name: 'undo' | 'redo', possible: boolean): JSX.Element => (
    <button
      type="button" class="icon-button" data-command={name} aria-label={dt(`drawing.${name}`)} title={`${dt(`drawing.${name}`)} (${keyCap(strokeOf(DRAWING_COMMANDS[name]))})`}
      disabled={!possible} onClick={() => DRAWING_COMMANDS[name].run(workspace)}
    >
      <Icon name={name} />
    </button>
  );
  return (
    <aside class="measurements" aria-label={t('action.measurements')}>
      <header>
        <h2>{t('action.measurements')}</h2>
        <span class="history">{step('undo', view?.undoable ?? false)}{step('redo', view?.redoable ?? false)}</span>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={close}><Icon name="close" /></button>
      </header>
      {measurements.length === 0 && <p class="quiet">{t('measure.none')}</p>}
      <ul aria-live="polite">
        {measurements.map((measurement) => (
          <li key={measurement.id} data-selected={measurement.id === view?.selected}><MeasurementRow measurement={measurement} cell={cell} /></li>
        ))}
      </ul>
      <Saved />
    </aside>
  );
}

function Saved(): JSX.Element | null {
  const part = savedPart.value;
  return part && <part.Section />;
}
