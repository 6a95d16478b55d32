/** Before another patient's images stand beside those being read: is that meant? */
import type { JSX } from 'preact';

import { formatDate } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import type { Study } from '../api';
import { Dialog } from '../controls/dialog';
import { Icon } from '../icons';
import { patientName, studyDescription, studyMoment } from '../studies/study_text';
import type { OpenStudy } from './open_study';
import type { Workspace } from './workspace';

interface PatientBarrierProps {
  readonly workspace: Workspace;
  readonly stranger: OpenStudy;
}

export function PatientBarrier({ workspace, stranger }: PatientBarrierProps): JSX.Element | null {
  const [mine, other] = [workspace.studies[0]?.manifest.value?.study, stranger.manifest.value?.study];
  if (!mine || !other) return null;
  const refuse = (): void => workspace.leave(stranger);
  return (
    <Dialog label={t('barrier.title')} class="patient-barrier" onClose={refuse}>
      <div role="alert">
        <h2><Icon name="warning" />{t('barrier.title')}</h2>
        <p>{t('barrier.text')}</p>
      </div>
      <div class="patients">
        <Patient study={mine} />
        <Patient study={other} />
      </div>
      <div class="actions">
        <button type="button" class="button" onClick={() => workspace.admitStranger()}>{t('barrier.admit')}</button>
        <button type="button" class="button primary" onClick={refuse}>{t('barrier.refuse')}</button>
      </div>
    </Dialog>
  );
}

function Patient({ study }: { readonly study: Study }): JSX.Element {
  return (
    <div>
      <strong>{patientName(study)}</strong>
      <p class="number">{[study.patient_id, formatDate(study.patient_birth_date)].filter(Boolean).join(' · ')}</p>
      <p>{studyDescription(study)}</p>
      <p class="number">{studyMoment(study)}</p>
    </div>
  );
}
