/** The texts of the page of imports, loaded with it. */
import { importsEn } from '../../i18n/imports_en';
import { importsVi } from '../../i18n/imports_vi';
import { translator } from '../../i18n/locale';

export const { t: it, plural: iplural } = translator(importsEn, importsVi);
