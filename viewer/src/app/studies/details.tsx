/** The side panel: who the chosen study is of, and its series with thumbnails. */
import type { JSX, RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatAge, formatDate, formatMoment } from '../../i18n/dates';
import { plural, t } from '../../i18n/locale';
import '../../i18n/pages';
import { personName } from '../../i18n/person_name';
import { type Manifest, type ManifestSeries, readManifest, type Study } from '../api';
import { SeriesThumbnail } from '../controls/series_thumbnail';
import { Icon } from '../icons';
import { viewerAddress } from '../address';
import { goTo } from '../location';
import { noticeSignedOut } from '../session';
import { PatientHistory } from './history';
import { StudyReceipt } from './receipt';
import { patientName, sexText, studyDescription, studyMoment } from './study_text';

/** Resting on a row asks for its series; running over rows with an arrow key held down does not. */
const REST_MS = 180;

type Loaded = { readonly state: 'loading' | 'failed' } | { readonly state: 'ready'; readonly manifest: Manifest };

function useManifest(study: Study): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  const { study_instance_uid: uid, number_of_instances: count } = study;
  useEffect(() => setLoaded({ state: 'loading' }), [uid]);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      readManifest(uid, abort.signal).then(
        (manifest) => setLoaded({ state: 'ready', manifest }),
        (reason: unknown) => {
          if (!abort.signal.aborted && !noticeSignedOut(reason)) setLoaded({ state: 'failed' });
        },
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [uid, count]);
  return loaded;
}

interface DetailsProps {
  readonly study: Study;
  readonly onOpen: (study: Study) => void;
  readonly onClose: () => void;
  readonly history: RefObject<HTMLElement | null>;
  readonly onLeaveHistory: () => void;
}

export function StudyDetails({ study, onOpen, onClose, history, onLeaveHistory }: DetailsProps): JSX.Element {
  const loaded = useManifest(study);
  return (
    <>
      <header class="details-head">
        <div>
          <h2>{patientName(study)}</h2>
          <p>{studyDescription(study)}</p>
          <p class="number">{[study.modalities.join(' '), studyMoment(study)].filter(Boolean).join(' · ')}</p>
        </div>
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <button type="button" class="button primary open-study" onClick={() => onOpen(study)}>
        {t('studies.open')}
        <Icon name="arrow_right" />
      </button>
      <Facts study={study} />
      <h3>{t('details.series')}</h3>
      <div class="details-series" aria-busy={loaded.state === 'loading'}>
        {loaded.state === 'failed' && <p class="quiet" role="alert">{t('details.failed')}</p>}
        {loaded.state === 'loading' && <div class="spinner" role="status" aria-label={t('app.loading')} />}
        {loaded.state === 'ready' && (
          <ul>
            {loaded.manifest.series.map((series) => (
              <li key={series.series_instance_uid}><SeriesLink study={study} series={series} /></li>
            ))}
          </ul>
        )}
      </div>
      <PatientHistory study={study} panel={history} onLeave={onLeaveHistory} />
      <StudyReceipt study={study} />
    </>
  );
}

function Facts({ study }: { readonly study: Study }): JSX.Element {
  const age = formatAge(study.patient_birth_date, study.study_date);
  const birth = [formatDate(study.patient_birth_date), age && `(${age})`].filter(Boolean).join(' ');
  const facts: readonly (readonly [string, string])[] = [
    [t('details.patient_id'), study.patient_id],
    [t('details.issuer'), study.issuer_of_patient_id],
    [t('details.birth_date'), birth],
    [t('details.sex'), sexText(study.patient_sex)],
    [t('details.accession'), study.accession_number],
    [t('details.referrer'), personName(study.referring_physician_name)],
    [t('details.facility'), study.facility?.name ?? ''],
    [t('details.received'), formatMoment(study.received_at)],
  ];
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== '').map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function SeriesLink({ study, series }: { readonly study: Study; readonly series: ManifestSeries }): JSX.Element {
  const address = viewerAddress([study.study_instance_uid], series.series_instance_uid);
  const number = series.series_number === null ? '' : String(series.series_number);
  return (
    <a
      class="series-link" href={address}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goTo(address);
      }}
    >
      <SeriesThumbnail studyInstanceUid={study.study_instance_uid} series={series} />
      <span class="series-text">
        <span class="primary">{series.series_description || t('viewer.series_number', { number })}</span>
        <span class="secondary number">{[series.modality, plural('count.images', series.number_of_instances)].join(' · ')}</span>
      </span>
    </a>
  );
}
