/** The texts of the administrators' pages: a catalogue of their own, so that the study list need not carry it. */
import { adminEn } from '../../i18n/admin_en';
import { adminVi } from '../../i18n/admin_vi';
import { translator } from '../../i18n/locale';

export const { t: at, plural: aplural } = translator(adminEn, adminVi);
