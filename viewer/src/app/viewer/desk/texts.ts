/** The texts of the desk: a catalogue of their own, loaded with it. */
import { translator } from '../../../i18n/locale';
import { layoutsEn } from '../../../i18n/layouts_en';
import { layoutsVi } from '../../../i18n/layouts_vi';

export const { t: lt, plural: lplural } = translator(layoutsEn, layoutsVi);
