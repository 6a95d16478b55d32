/** One measurement in the list: what it is, its numbers, why something is not known, and what can be done with it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { isRegion, type Measurement, type MeasurementKind, mayCalibrate } from '../../core/measurement';
import { formatDecimal } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import '../../i18n/pages';
import { Icon, type IconName } from '../icons';
import type { Cell } from './cell';
import { dt } from './drawing_texts';
import '../../styles/drawing.css';

const ICONS: Readonly<Record<MeasurementKind, IconName>> = {
  length: 'length', angle: 'angle', cobb: 'cobb', bidirectional: 'bidirectional', ellipse: 'ellipse', rectangle: 'rectangle',
  freehand: 'freehand', probe: 'probe', arrow: 'arrow', text: 'text',
};

interface RowProps {
  readonly measurement: Measurement;
  readonly cell: Cell;
}

export function MeasurementRow({ measurement, cell }: RowProps): JSX.Element {
  const [calibrating, setCalibrating] = useState(false);
  const name = dt(`measure.${measurement.kind}`);
  const images = cell.view.value?.displaySet?.images ?? [];
  const index = images.findIndex((image) => image.sopInstanceUid === measurement.sopInstanceUid && image.frame === measurement.frame);
  const goTo = t('measure.go_to', { index: index + 1 });
  const { kind } = measurement;
  const reason = why(measurement);
  return (
    <>
      <button type="button" class="measurement" title={goTo} data-measurement={measurement.id} onClick={() => cell.viewport?.scrollTo(index)}>
        <Icon name={ICONS[kind]} />
        <span>
          <span class="primary number">{valueText(measurement)}</span>
          <span class="secondary number">{statisticsText(measurement) || `${name} · ${goTo}`}</span>
          {reason !== '' && <span class="why">{reason}</span>}
        </span>
      </button>
      {kind === 'length' && measurement.length !== undefined && mayCalibrate({ source: measurement.calibration }) && (
        <button
          type="button" class="icon-button" aria-label={dt('calibration.calibrate')} title={dt('calibration.calibrate')} aria-expanded={calibrating}
          onClick={() => setCalibrating(!calibrating)}
        >
          <Icon name="measurements" />
        </button>
      )}
      {(kind === 'arrow' || kind === 'text') && (
        <button
          type="button" class="icon-button" aria-label={dt('drawing.edit_words', { name })} title={dt('drawing.edit_words', { name })}
          onClick={() => { cell.viewport?.scrollTo(index); cell.viewport?.editText(measurement.id); }}
        >
          <Icon name="text" />
        </button>
      )}
      <button
        type="button" class="icon-button" aria-label={t('measure.remove', { name })} title={t('measure.remove', { name })}
        onClick={() => cell.viewport?.removeMeasurement(measurement.id)}
      >
        <Icon name="remove" />
      </button>
      {calibrating && <Calibration measurement={measurement} cell={cell} onDone={() => setCalibrating(false)} />}
    </>
  );
}

function Calibration({ measurement, cell, onDone }: RowProps & { readonly onDone: () => void }): JSX.Element {
  const [millimetres, setMillimetres] = useState(Number.NaN);
  const apply = (event: Event): void => {
    event.preventDefault();
    if (cell.viewport?.calibrate(measurement.id, millimetres)) onDone();
  };
  return (
    <form class="calibration" onSubmit={apply}>
      <strong>{dt('calibration.title')}</strong>
      <div class="fields">
        <label>
          {dt('calibration.millimetres')}
          <input
            type="number" min="0.1" max="2000" step="any" inputMode="decimal" required
            onInput={(event) => setMillimetres(event.currentTarget.valueAsNumber)}
          />
        </label>
        <button type="submit" class="button primary" disabled={!(millimetres > 0)}>{dt('calibration.apply')}</button>
      </div>
    </form>
  );
}

/** What a reader must know before trusting the number. */
function why({ kind, calibration, suvRefused, refused }: Measurement): string {
  const measures = kind === 'length' || kind === 'bidirectional' || isRegion(kind);
  const spacing = measures && refused === undefined && (calibration === 'none' || calibration === 'detector' || calibration === 'manual')
    ? dt(`calibration.${calibration}`) : '';
  return [spacing, suvRefused ? dt(`suv.refused.${suvRefused}`) : ''].filter(Boolean).join(' ');
}

function valueText(measurement: Measurement): string {
  const { kind, calibrated, refused } = measurement;
  const unit = calibrated ? 'mm' : 'px';
  const unfinished = dt('measure.unfinished');
  if (refused && kind !== 'arrow' && kind !== 'text' && kind !== 'probe') return t(`measure.refused.${refused}`);
  switch (measurement.kind) {
    case 'arrow':
    case 'text': return measurement.text === undefined || measurement.text === '' ? dt('measure.no_words') : measurement.text;
    case 'probe': return measurement.value === undefined ? dt('measure.no_value') : valueWithUnit(measurement.value, measurement.unit);
    case 'length': return measurement.length === undefined ? unfinished : `${formatDecimal(measurement.length, 1)} ${unit}`;
    case 'angle':
    case 'cobb': return measurement.angle === undefined ? unfinished : `${formatDecimal(measurement.angle, 1)}°`;
    case 'bidirectional':
      if (measurement.length === undefined || measurement.shortAxis === undefined) return unfinished;
      return `${formatDecimal(measurement.length, 1)} × ${formatDecimal(measurement.shortAxis, 1)} ${unit}`;
    default: return measurement.area === undefined ? unfinished : t('measure.area', { value: `${formatDecimal(measurement.area, 1)} ${unit}²` });
  }
}

function valueWithUnit(value: number, unit: string): string {
  return [formatDecimal(value, unit === 'SUVbw' ? 2 : 1), unit === 'BQML' ? 'Bq/ml' : unit].filter(Boolean).join(' ');
}

function statisticsText(measurement: Measurement): string {
  if (!('mean' in measurement)) return '';
  const { mean, standardDeviation, minimum, maximum, unit } = measurement;
  const digits = unit === 'SUVbw' ? 2 : 0;
  return [
    mean === undefined ? '' : t('measure.mean', { value: valueWithUnit(mean, unit) }),
    standardDeviation === undefined ? '' : t('measure.deviation', { value: formatDecimal(standardDeviation, Math.max(digits, 1)) }),
    minimum === undefined || maximum === undefined
      ? '' : t('measure.range', { minimum: formatDecimal(minimum, digits), maximum: formatDecimal(maximum, digits) }),
  ].filter(Boolean).join('  ');
}
