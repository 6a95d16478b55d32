/** The texts of what leaves the viewer: a catalogue of their own, so that the first image need not wait for it. */
import { outEn } from '../../../i18n/out_en';
import { outVi } from '../../../i18n/out_vi';
import { translator } from '../../../i18n/locale';

export const { t: ot } = translator(outEn, outVi);
