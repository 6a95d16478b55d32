/** The other studies of the patient, under the series: one click shows one beside this study, another opens it alone. */
import { useEffect } from 'preact/hooks';
import type { JSX } from 'preact';

import { formatDate } from '../../../i18n/dates';
import { Icon } from '../../icons';
import { goTo } from '../../location';
import { studyDescription } from '../../studies/study_text';
import type { Study } from '../../api';
import type { DeskProps } from './desk';
import { lt } from './texts';
import '../../../styles/desk.css';

export function PriorList({ desk }: DeskProps): JSX.Element {
  const { priors } = desk;
  const studies = priors.list.value;
  useEffect(() => { priors.read().catch(() => undefined); }, [priors]); // the list says that it failed
  return (
    <section class="strip-priors" aria-label={lt('priors.title')}>
      <h2>{lt('priors.title')}</h2>
      {priors.failed.value && <p>{lt('priors.failed')}</p>}
      {studies?.length === 0 && <p>{lt('priors.none')}</p>}
      {(studies ?? []).map((study) => <PriorStudy key={study.study_instance_uid} study={study} desk={desk} />)}
    </section>
  );
}

function PriorStudy({ study, desk }: DeskProps & { readonly study: Study }): JSX.Element {
  const { workspace } = desk;
  const open = workspace.opened.value.slice(1).find(({ uid }) => uid === study.study_instance_uid);
  const name = `${formatDate(study.study_date)} ${studyDescription(study)}`;
  const show = (): void => {
    void desk.priors.compare(open ? null : study);
  };
  return (
    <div class="prior-study" data-prior-study={study.study_instance_uid}>
      <button type="button" aria-pressed={open !== undefined} title={lt('priors.compare', { study: name })} onClick={show}>
        <span class="number">{[formatDate(study.study_date), study.modalities.join('/')].filter(Boolean).join(' · ')}</span>
        <span>{studyDescription(study)}</span>
      </button>
      <button
        type="button" class="icon-button" aria-label={`${lt('priors.open')} ${name}`} title={lt('priors.open')}
        onClick={() => goTo(`/viewer?StudyInstanceUIDs=${study.study_instance_uid}`)}
      >
        <Icon name="arrow_right" />
      </button>
    </div>
  );
}
