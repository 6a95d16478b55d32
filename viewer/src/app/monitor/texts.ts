/** The texts of the monitor page: a catalogue of its own. */
import { translator } from '../../i18n/locale';
import { monitorEn } from '../../i18n/monitor_en';
import { monitorVi } from '../../i18n/monitor_vi';

export const { t: mt } = translator(monitorEn, monitorVi);
