/** A sheet of paper: whose images these are, the images, and what their size is worth. All measures are millimetres of CSS. */
import type { JSX } from 'preact';

import { text } from '../../../core/attribute';
import { formatDate, formatMoment, formatTime } from '../../../i18n/dates';
import { t } from '../../../i18n/locale';
import { personName } from '../../../i18n/person_name';
import { sexText } from '../../studies/study_text';
import type { Paper, Sheet } from './sheet';
import type { OutSubject } from './subject';
import { ot } from './texts';

const PrintTag = {
  InstitutionName: '00080080', PatientName: '00100010', PatientID: '00100020', PatientBirthDate: '00100030', PatientSex: '00100040',
  StudyDate: '00080020', StudyTime: '00080030', StudyDescription: '00081030', AccessionNumber: '00080050',
} as const;

interface SheetProps {
  readonly sheet: Sheet;
  readonly paper: Paper;
  readonly subject: OutSubject;
  readonly identified: boolean;
}

export function SheetView({ sheet, paper, subject, identified }: SheetProps): JSX.Element {
  return (
    <div class="print-sheet" data-paper={paper} data-true-size={sheet.trueSize}>
      <div class="print-head">{identified ? <Whose subject={subject} /> : <p>{ot('print.anonymous')}</p>}</div>
      <div class="print-pictures" style={{ gridTemplateColumns: `repeat(${sheet.columns}, max-content)` }}>
        {sheet.pictures.map(({ url, field }, at) => (
          <div key={at} class="print-picture" style={{ width: `${field.width}mm`, height: `${field.height}mm` }}>
            {url !== '' && <img src={url} alt="" />}
          </div>
        ))}
      </div>
      <div class="print-foot">
        <div>
          <p><strong>{sheet.trueSize ? ot('print.scale_true') : ot('print.scale_fit')}</strong></p>
          {sheet.atDetector && <p>{ot('print.detector')}</p>}
          {sheet.cut && <p>{ot('print.cut')}</p>}
        </div>
        {sheet.trueSize && (
          <div class="print-ruler"><span class="print-line" /><p>{ot('print.ruler')}</p></div>
        )}
        <div class="print-when">
          <p>{ot('print.printed', { moment: formatMoment(new Date().toISOString(), new Date(0)) })}</p>
          <p>{ot('print.not_diagnostic')}</p>
        </div>
      </div>
    </div>
  );
}

function Whose({ subject: { image: { instance } } }: { readonly subject: OutSubject }): JSX.Element {
  const read = (tag: string): string => text(instance, tag);
  const study = [read(PrintTag.StudyDescription), formatDate(read(PrintTag.StudyDate)), formatTime(read(PrintTag.StudyTime))].filter(Boolean).join('  ');
  const facts: readonly (readonly [string, string])[] = [
    [ot('print.id'), read(PrintTag.PatientID)],
    [ot('print.born'), formatDate(read(PrintTag.PatientBirthDate))],
    [ot('print.sex'), sexText(read(PrintTag.PatientSex))],
    [ot('print.study'), study],
    [ot('print.accession'), read(PrintTag.AccessionNumber)],
  ];
  return (
    <>
      <p class="print-institution">{read(PrintTag.InstitutionName)}</p>
      <p class="print-name">{personName(read(PrintTag.PatientName)) || t('studies.no_name')}</p>
      <dl>{facts.filter(([, value]) => value !== '').map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </>
  );
}
