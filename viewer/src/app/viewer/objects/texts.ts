/** The texts of objects: a catalogue of their own, loaded with the first of them. */
import { translator } from '../../../i18n/locale';
import { objectsEn } from '../../../i18n/objects_en';
import { objectsVi } from '../../../i18n/objects_vi';

export const { t: obt, plural: obplural } = translator(objectsEn, objectsVi);
