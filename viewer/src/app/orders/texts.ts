/** The texts of the orders: a catalogue of their own, so that the study list need not carry it. */
import { translator } from '../../i18n/locale';
import { ordersEn } from '../../i18n/orders_en';
import { ordersVi } from '../../i18n/orders_vi';

export const { t: ot, plural: oplural } = translator(ordersEn, ordersVi);
