/** The texts of the volume view: a catalogue of their own, loaded with it. */
import { translator } from '../../../i18n/locale';
import { volumeEn } from '../../../i18n/volume_en';
import { volumeVi } from '../../../i18n/volume_vi';

export const { t: vt, plural: vplural } = translator(volumeEn, volumeVi);
