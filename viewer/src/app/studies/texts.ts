/** The texts of the study list's own tools: a catalogue of their own, which the viewer need not carry. */
import { translator } from '../../i18n/locale';
import { studiesEn } from '../../i18n/studies_en';
import { studiesVi } from '../../i18n/studies_vi';

export const { t: st, plural: splural } = translator(studiesEn, studiesVi);
