/** The texts of drawing and measuring. */
import { drawingEn } from '../../i18n/drawing_en';
import { drawingVi } from '../../i18n/drawing_vi';
import { translator } from '../../i18n/locale';

export const { t: dt } = translator(drawingEn, drawingVi);
