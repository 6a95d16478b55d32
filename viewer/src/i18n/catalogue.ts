/** The shape every language must have: each key of the English catalogue, plural where English is plural. */
import type { en } from './en';
import type { pagesEn } from './pages_en';

export interface Plural {
  readonly one?: string;
  readonly other: string;
}

/** A catalogue in English, which defines the keys: that of the application, or of a part that is loaded later. */
export type Entries = Readonly<Record<string, string | Plural>>;

export type TextKeyOf<E extends Entries> = { [K in keyof E]: E[K] extends string ? K : never }[keyof E];
export type PluralKeyOf<E extends Entries> = Exclude<keyof E, TextKeyOf<E>>;
export type CatalogueOf<E extends Entries> = Readonly<Record<TextKeyOf<E>, string>> & Readonly<Record<PluralKeyOf<E>, Plural>>;

export type Catalogue = CatalogueOf<typeof en>;
/** All that `t` and `plural` know: the texts of every page, and those that come with pages loaded later. */
export type Texts = typeof en & typeof pagesEn;
export type Key = keyof Texts;
export type TextKey = TextKeyOf<Texts>;
export type PluralKey = PluralKeyOf<Texts>;

/** The placeholders of a text, so that forgetting one fails the type check. */
export type PlaceholdersIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | PlaceholdersIn<Rest> : never;
