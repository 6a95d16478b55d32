/** The English texts of going on to the next study in the viewer. */
export const nextStudyEn = {
  'study.next': 'Next study of the list',
  'study.previous': 'Previous study of the list',
  'study.place': '{position}/{count}',
  'study.place_hint': 'Study {position} of the {count} next to it in the list',
} as const;
