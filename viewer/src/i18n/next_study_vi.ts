/** The Vietnamese texts of going on to the next study in the viewer. */
import type { CatalogueOf } from './catalogue';
import type { nextStudyEn } from './next_study_en';

export const nextStudyVi: CatalogueOf<typeof nextStudyEn> = {
  'study.next': 'Ca sau trong danh sách',
  'study.previous': 'Ca trước trong danh sách',
  'study.place': '{position}/{count}',
  'study.place_hint': 'Ca thứ {position} trong {count} ca gần nó của danh sách',
};
