/** The strip of series: click puts one into the active cell, drag into any. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { formatNumber, plural, t } from '../../i18n/locale';
import { SeriesThumbnail } from '../controls/series_thumbnail';
import { Icon } from '../icons';
import { patientName, studyMoment } from '../studies/study_text';
import { kindOfSeries } from './series_kind';
import { keyOf, type StripEntry, type Workspace } from './workspace';

/** The kind of data a dragged series carries. */
export const DRAGGED_SERIES = 'application/x-filmless-series';

export function SeriesStrip({ workspace }: { readonly workspace: Workspace }): JSX.Element {
  const shown = workspace.stripShown.value;
  const entries = workspace.entries.value;
  const desk = workspace.desk.value;
  const several = workspace.studies.length > 1;
  return (
    <nav class="strip" aria-label={t('viewer.series_strip')}>
      <button
        type="button" class="strip-toggle" aria-expanded={shown} aria-controls="series"
        title={shown ? t('viewer.hide_strip') : t('viewer.show_strip')} onClick={() => { workspace.stripShown.value = !shown; }}
      >
        <span>{t('viewer.series_strip')}</span>
        <span class="number">{formatNumber(entries.length)}</span>
        <Icon name={shown ? 'chevron_left' : 'chevron_right'} />
      </button>
      <ol id="series" hidden={!shown}>
        {entries.map((entry, at) => (
          <li key={entry.key}>
            {several && entries[at - 1]?.study !== entry.study && <StudyTitle entry={entry} />}
            <SeriesButton entry={entry} workspace={workspace} />
          </li>
        ))}
      </ol>
      {desk && shown && <desk.parts.PriorList desk={desk} />}
    </nav>
  );
}

function StudyTitle({ entry }: { readonly entry: StripEntry }): JSX.Element | null {
  const study = entry.study.manifest.value?.study;
  return study ? <p class="strip-study number">{`${patientName(study)} ${studyMoment(study)}`}</p> : null;
}

function SeriesButton({ entry, workspace }: { readonly entry: StripEntry; readonly workspace: Workspace }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const { series, study } = entry;
  const active = keyOf(workspace.activeCell.value) === entry.key;
  const elsewhere = !active && workspace.shownCells.value.some((cell) => keyOf(cell) === entry.key);
  const number = series.series_number === null ? '' : String(series.series_number);
  const kind = kindOfSeries(series);
  const label = entry.description || (kind ? t(kind) : t('viewer.series_number', { number }));
  useEffect(() => {
    if (active) button.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active]);
  return (
    <button
      ref={button} type="button" class="series" aria-pressed={active} data-shown={active || elsewhere} data-series={entry.key}
      draggable
      onClick={() => workspace.show(entry)}
      onDragStart={(event) => {
        event.dataTransfer?.setData(DRAGGED_SERIES, entry.key);
        if (event.dataTransfer) event.dataTransfer.effectAllowed = 'copy';
      }}
    >
      <span class="picture">
        <SeriesThumbnail studyInstanceUid={study.uid} series={series} />
        <span class="series-badge">{series.modality}</span>
      </span>
      <span class="series-name" title={label}>{label}</span>
      <span class="series-count number">
        <span>{number === '' ? '' : t('viewer.series_short', { number })}</span>
        <span>{countText(entry)}</span>
      </span>
    </button>
  );
}

function countText(entry: StripEntry): string {
  const { series } = entry;
  if (entry.images !== null) return plural('count.images', entry.images);
  if (!series.representative) return plural('count.files', series.number_of_instances);
  const [only] = series.instances;
  const frames = series.instances.length === 1 ? (only?.number_of_frames ?? 1) : 1;
  return frames > 1 ? plural('count.frames', frames) : plural('count.images', series.number_of_instances);
}
