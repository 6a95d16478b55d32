/** The texts of the pages of forwarding, loaded with them. */
import { translator } from '../../i18n/locale';
import { routingEn } from '../../i18n/routing_en';
import { routingVi } from '../../i18n/routing_vi';

export const { t: rt, plural: rplural } = translator(routingEn, routingVi);
