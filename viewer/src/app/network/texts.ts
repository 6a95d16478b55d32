/** The texts of the pages of the DICOM network: a catalogue of their own. */
import { translator } from '../../i18n/locale';
import { networkEn } from '../../i18n/network_en';
import { networkVi } from '../../i18n/network_vi';

export const { t: nt, plural: nplural } = translator(networkEn, networkVi);
