/** The head of the viewer: whose study this is, the tools, the account. */
import type { JSX } from 'preact';

import { formatAge, formatDate } from '../../i18n/dates';
import { plural, t } from '../../i18n/locale';
import type { Study } from '../api';
import { AccountMenu } from '../controls/account_menu';
import { Icon } from '../icons';
import { goTo } from '../location';
import { patientName, sexText, studyDescription, studyMoment } from '../studies/study_text';
import { ListPlace, listAddress } from './next_study';
import type { Workspace } from './workspace';

interface HeaderProps {
  readonly workspace: Workspace;
  readonly toolbar: JSX.Element;
}

export function ViewerHeader({ workspace, toolbar }: HeaderProps): JSX.Element {
  const study = workspace.activeCell.value.subject.value?.study.manifest.value?.study
    ?? workspace.studies[0]?.manifest.value?.study;
  return (
    <header class="viewer-header">
      <a
        class="icon-button back" href={listAddress()} aria-label={t('viewer.back')} title={t('viewer.back')}
        onClick={(event) => { event.preventDefault(); goTo(listAddress()); }}
      >
        <Icon name="chevron_left" />
      </a>
      <div class="whose" aria-live="polite">
        {study ? <Whose study={study} /> : <h1 class="quiet">{t('viewer.opening')}</h1>}
      </div>
      <ListPlace workspace={workspace} />
      {toolbar}
      <div class="viewer-account"><AccountMenu /></div>
    </header>
  );
}

function Whose({ study }: { readonly study: Study }): JSX.Element {
  const age = formatAge(study.patient_birth_date, study.study_date);
  const birth = formatDate(study.patient_birth_date);
  const person = [study.patient_id, sexText(study.patient_sex), birth && age ? `${birth} (${age})` : birth].filter(Boolean).join(' · ');
  return (
    <>
      <div class="whose-part">
        <h1>{patientName(study)}</h1>
        <p class="number">{person}</p>
      </div>
      <div class="whose-part study">
        <p class="headline">
          <span class="description" title={studyDescription(study)}>{studyDescription(study)}</span>
          {study.arriving && <span class="arriving"><span class="pulse" />{t('studies.arriving')}</span>}
        </p>
        <p class="number">{[studyMoment(study), plural('count.images', study.number_of_instances)].filter(Boolean).join(' · ')}</p>
      </div>
    </>
  );
}
