/** What has been measured in the active cell. */
import type { JSX } from 'preact';

import type { Measurement } from '../../core/viewport';
import { formatDecimal } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { Icon, type IconName } from '../icons';
import type { Cell } from './cell';
import type { Workspace } from './workspace';

const ICONS: Readonly<Record<Measurement['kind'], IconName>> = { length: 'length', ellipse: 'ellipse', rectangle: 'rectangle' };

export function Measurements({ workspace }: { readonly workspace: Workspace }): JSX.Element {
  const cell = workspace.activeCell.value;
  const measurements = cell.view.value?.measurements ?? [];
  const close = (): void => { workspace.measurementsShown.value = false; };
  return (
    <aside class="measurements" aria-label={t('action.measurements')}>
      <header>
        <h2>{t('action.measurements')}</h2>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={close}><Icon name="close" /></button>
      </header>
      {measurements.length === 0 && <p class="quiet">{t('measure.none')}</p>}
      <ul aria-live="polite">
        {measurements.map((measurement) => (
          <li key={measurement.id}><MeasurementRow measurement={measurement} cell={cell} /></li>
        ))}
      </ul>
    </aside>
  );
}

interface RowProps {
  readonly measurement: Measurement;
  readonly cell: Cell;
}

function MeasurementRow({ measurement, cell }: RowProps): JSX.Element {
  const name = t(`measure.${measurement.kind}`);
  const images = cell.view.value?.displaySet?.images ?? [];
  const index = images.findIndex((image) => image.sopInstanceUid === measurement.sopInstanceUid && image.frame === measurement.frame);
  const goTo = t('measure.go_to', { index: index + 1 });
  return (
    <>
      <button type="button" class="measurement" title={goTo} data-measurement={measurement.id} onClick={() => cell.viewport?.scrollTo(index)}>
        <Icon name={ICONS[measurement.kind]} />
        <span>
          <span class="primary number" title={measurement.calibrated || measurement.refused ? undefined : t('measure.uncalibrated')}>{valueText(measurement)}</span>
          <span class="secondary number">{statisticsText(measurement) || `${name} · ${goTo}`}</span>
        </span>
      </button>
      <button
        type="button" class="icon-button" aria-label={t('measure.remove', { name })} title={t('measure.remove', { name })}
        onClick={() => cell.viewport?.removeMeasurement(measurement.id)}
      >
        <Icon name="remove" />
      </button>
    </>
  );
}

function valueText({ kind, calibrated, refused, length, area }: Measurement): string {
  if (refused) return t(`measure.refused.${refused}`);
  if (kind === 'length') return length === undefined ? '' : `${formatDecimal(length, 1)} ${calibrated ? 'mm' : 'px'}`;
  return area === undefined ? '' : t('measure.area', { value: `${formatDecimal(area, 1)} ${calibrated ? 'mm²' : 'px²'}` });
}

function statisticsText({ mean, standardDeviation, minimum, maximum, unit }: Measurement): string {
  const withUnit = (value: number): string => [formatDecimal(value, 1), unit].filter(Boolean).join(' ');
  return [
    mean === undefined ? '' : t('measure.mean', { value: withUnit(mean) }),
    standardDeviation === undefined ? '' : t('measure.deviation', { value: formatDecimal(standardDeviation, 1) }),
    minimum === undefined || maximum === undefined
      ? '' : t('measure.range', { minimum: formatDecimal(minimum, 0), maximum: formatDecimal(maximum, 0) }),
  ].filter(Boolean).join('  ');
}
