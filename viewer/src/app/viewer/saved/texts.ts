/** The texts of what is saved: a catalogue of their own, loaded with the panel. */
import { translator } from '../../../i18n/locale';
import { savedEn } from '../../../i18n/saved_en';
import { savedVi } from '../../../i18n/saved_vi';

export const { t: st, plural: splural } = translator(savedEn, savedVi);
