/** The texts of the film tray: a catalogue of their own, so that the study list need not carry it. */
import { translator } from '../../i18n/locale';
import { trayEn } from '../../i18n/tray_en';
import { trayVi } from '../../i18n/tray_vi';

export const { t: tt, plural: tplural } = translator(trayEn, trayVi);
