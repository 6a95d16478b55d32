/** What surrounds an object in a cell: whose it is, what it is, and its file. */
import type { ComponentChildren, JSX } from 'preact';

import { text } from '../../../core/attribute';
import type { DicomInstance } from '../../../core/display_set';
import { instanceUrl } from '../../../core/display_sets';
import { Tag } from '../../../core/tag';
import { formatAge, formatDate, formatTime } from '../../../i18n/dates';
import { t } from '../../../i18n/locale';
import { personName } from '../../../i18n/person_name';
import { sexText } from '../../studies/study_text';
import { Icon } from '../../icons';
import { obt } from './texts';
import '../../../styles/objects.css';

/** Address of an instance under DICOMweb, without host. */
export function addressOf(instance: DicomInstance): string {
  return instanceUrl(text(instance, Tag.StudyInstanceUID), text(instance, Tag.SeriesInstanceUID), text(instance, Tag.SOPInstanceUID));
}

/** The Part 10 file, by WADO-URI: the one service that gives it bare and under a name (PS3.18 §9). */
function fileAddress(instance: DicomInstance): string {
  const question = new URLSearchParams({
    requestType: 'WADO', studyUID: text(instance, Tag.StudyInstanceUID), seriesUID: text(instance, Tag.SeriesInstanceUID),
    objectUID: text(instance, Tag.SOPInstanceUID), contentType: 'application/dicom', transferSyntax: '*',
  });
  return `/wado?${question.toString()}`;
}

export function FileLink({ instance, primary = false }: { readonly instance: DicomInstance; readonly primary?: boolean }): JSX.Element {
  return (
    <a class={primary ? 'button primary' : 'button small'} href={fileAddress(instance)} download={`${text(instance, Tag.SOPInstanceUID)}.dcm`}>
      <Icon name="download" />{obt('object.download')}
    </a>
  );
}

interface ObjectFrameProps {
  readonly instance: DicomInstance;
  /** What it is, in words. */
  readonly kind: string;
  /** Beside the file's link. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function ObjectFrame({ instance, kind, actions, children }: ObjectFrameProps): JSX.Element {
  const [birth, day] = [text(instance, '00100030'), text(instance, '00080020')];
  const person = [text(instance, '00100020'), sexText(text(instance, '00100040')), formatDate(birth), formatAge(birth, day)].filter(Boolean);
  const study = [text(instance, '00081030'), formatDate(day), formatTime(text(instance, '00080030'))].filter(Boolean);
  return (
    <div class="object" data-object={text(instance, Tag.SOPInstanceUID)}>
      <header class="object-head">
        <div class="object-whose">
          <strong>{personName(text(instance, '00100010')) || t('studies.no_name')}</strong>
          <span>{person.join(' · ')}</span>
          <span>{study.join(' · ')}</span>
        </div>
        <div class="object-what">
          <span class="object-kind">{kind}</span>
          <span>{text(instance, Tag.SeriesDescription)}</span>
        </div>
        <div class="object-actions">{actions}<FileLink instance={instance} /></div>
      </header>
      {children}
    </div>
  );
}
