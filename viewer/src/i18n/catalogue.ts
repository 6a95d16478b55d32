/** The shape every language must have: each key of the English catalogue, plural where English is plural. */
import type { en } from './en';

type English = typeof en;

export interface Plural {
  readonly one?: string;
  readonly other: string;
}

export type Key = keyof English;
export type TextKey = { [K in Key]: English[K] extends string ? K : never }[Key];
export type PluralKey = Exclude<Key, TextKey>;

export type Catalogue = Readonly<Record<TextKey, string>> & Readonly<Record<PluralKey, Plural>>;

type PlaceholdersIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | PlaceholdersIn<Rest> : never;

/** The placeholders of a text, so that forgetting one fails the type check. */
export type Placeholders<K extends TextKey> = PlaceholdersIn<English[K]>;
