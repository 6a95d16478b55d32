/** Whose image this is beside others: a prior with its date, or another patient's. */
import type { JSX } from 'preact';

import { formatDate } from '../../i18n/dates';
import { t } from '../../i18n/locale';
import { Icon } from '../icons';
import type { Cell } from './cell';
import type { Workspace } from './workspace';
import '../../styles/standing.css';

interface StandingProps {
  readonly cell: Cell;
  readonly workspace: Workspace;
}

export function Standing({ cell, workspace }: StandingProps): JSX.Element | null {
  const study = cell.subject.value?.study;
  if (!study || workspace.opened.value.length < 2) return null;
  if (workspace.isStranger(study)) {
    return <p class="standing stranger"><Icon name="warning" />{t('viewer.other_patient')}</p>;
  }
  if (!workspace.isPrior(study)) return null;
  const date = formatDate(study.manifest.value?.study.study_date ?? '');
  return <p class="standing prior">{t('viewer.prior', { date })}</p>;
}
