/** The other studies of the patient of the chosen study, to open, or to compare with it. */
import type { JSX, RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { formatDate } from '../../i18n/dates';
import { plural } from '../../i18n/locale';
import { personName } from '../../i18n/person_name';
import { viewerAddress } from '../address';
import { type Doubt, type History, readHistory, type Study } from '../api';
import { Icon } from '../icons';
import { goTo } from '../location';
import { noticeSignedOut } from '../session';
import { sexText, studyDescription } from './study_text';
import { st } from './texts';

/** As with the series: running over rows asks for nothing. */
const REST_MS = 180;

type Loaded = History | 'loading' | 'failed';

function useHistory({ study_instance_uid: uid, patient_id: patientId }: Study): Loaded {
  const [loaded, setLoaded] = useState<Loaded>('loading');
  useEffect(() => {
    setLoaded('loading');
    if (patientId.trim() === '') return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      readHistory(uid, abort.signal).then(setLoaded, (reason: unknown) => {
        if (!abort.signal.aborted && !noticeSignedOut(reason)) setLoaded('failed');
      });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [uid, patientId]);
  return loaded;
}

interface HistoryProps {
  readonly study: Study;
  readonly panel: RefObject<HTMLElement | null>;
  readonly onLeave: () => void;
}

export function PatientHistory({ study, panel, onLeave }: HistoryProps): JSX.Element {
  const loaded = useHistory(study);
  const known = typeof loaded === 'object' ? loaded : null;
  const noId = study.patient_id.trim() === '';
  const onKeyDown = (event: KeyboardEvent): void => {
    const links = [...(panel.current?.querySelectorAll<HTMLElement>('a, button') ?? [])];
    const now = links.indexOf(document.activeElement as HTMLElement);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      links[Math.max(0, Math.min(links.length - 1, now + step))]?.focus();
    } else if (event.key === 'ArrowLeft' || event.key === 'Escape') {
      event.preventDefault();
      onLeave();
    }
  };
  return (
    <section ref={panel} class="history" aria-labelledby="patient-history" aria-busy={!noId && loaded === 'loading'} onKeyDown={onKeyDown}>
      <h3 id="patient-history">
        {st('history.title')}
        {known && known.studies.length > 0 && <span class="quiet number"> {known.studies.length}</span>}
      </h3>
      {noId && <p class="quiet">{st('history.no_id')}</p>}
      {loaded === 'failed' && <p class="quiet" role="alert">{st('history.failed')}</p>}
      {known?.studies.length === 0 && <p class="quiet">{st('history.none')}</p>}
      <ol>
        {known?.studies.map((one) => <OtherStudy key={one.study.study_instance_uid} study={study} other={one.study} doubts={one.doubts} />)}
      </ol>
      {known?.more && <p class="quiet">{st('history.more')}</p>}
    </section>
  );
}

const VALUES: Readonly<Record<Doubt, (study: Study) => string>> = {
  name: (study) => personName(study.patient_name),
  birth_date: (study) => formatDate(study.patient_birth_date),
  sex: (study) => sexText(study.patient_sex),
};

interface OtherStudyProps {
  readonly study: Study;
  readonly other: Study;
  readonly doubts: readonly Doubt[];
}

function OtherStudy({ study, other, doubts }: OtherStudyProps): JSX.Element {
  const date = formatDate(other.study_date);
  const description = studyDescription(other);
  const both = viewerAddress([study.study_instance_uid, other.study_instance_uid]);
  const alone = viewerAddress([other.study_instance_uid]);
  const follow = (address: string) => (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(address);
  };
  return (
    <li data-history={other.study_instance_uid} data-doubtful={doubts.length > 0}>
      <a class="history-link" href={alone} title={st('history.open', { date, description })} onClick={follow(alone)}>
        <span class="primary">{description}</span>
        <span class="secondary number">{[date, other.modalities.join(' '), plural('count.images', other.number_of_instances)].filter(Boolean).join(' · ')}</span>
        {other.facility && other.facility.code !== study.facility?.code && <span class="secondary">{other.facility.name || other.facility.code}</span>}
      </a>
      <a class="button compare" href={both} aria-label={st('history.compare_with', { date })} onClick={follow(both)}>{st('history.compare')}</a>
      {doubts.length > 0 && (
        <p class="doubt">
          <Icon name="warning" />
          <span>{st('history.doubtful')}: {doubts.map((doubt) => st(`history.doubt.${doubt}`, { value: VALUES[doubt](other) })).join(', ')}</span>
        </p>
      )}
    </li>
  );
}
