/** Adds the texts of what is loaded later to those of every page: each module that says one of them imports this one. */
import { addTexts } from './locale';
import { pagesEn } from './pages_en';
import { pagesVi } from './pages_vi';

addTexts(pagesEn, pagesVi);
