/** Words in any order without accents, as the server finds studies: here for short lists that are all in the page. */

/** Upper case without diacritics, đ as D. */
export function plainText(text: string): string {
  return text.normalize('NFD').replace(/\p{Diacritic}/gu, '').replaceAll(/[đĐ]/g, 'D').toUpperCase();
}

/** Whether every word typed begins a word of the text. */
export function matchesWords(text: string, typed: string): boolean {
  const words = plainText(text).split(/[^\p{L}\p{N}]+/u);
  return plainText(typed).split(/[^\p{L}\p{N}]+/u).filter(Boolean).every((one) => words.some((word) => word.startsWith(one)));
}
