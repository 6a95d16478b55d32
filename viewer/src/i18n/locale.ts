/** The chosen language: the browser's at first, then what the person chose, remembered in this browser. */
import { computed, signal } from '@preact/signals';

import type { CatalogueOf, Entries, PlaceholdersIn, PluralKeyOf, TextKey, TextKeyOf, Texts } from './catalogue';
import { en } from './en';
import type { pagesEn } from './pages_en';
import { vi } from './vi';

export type Locale = 'vi' | 'en';

const STORED_UNDER = 'filmless.locale';

/** The language to start with: the remembered one, else the first of the browser's that we speak, else English. */
export function preferredLocale(remembered: string | null, browser: readonly string[]): Locale {
  if (remembered === 'vi' || remembered === 'en') return remembered;
  for (const language of browser) {
    const primary = language.toLowerCase().split('-')[0];
    if (primary === 'vi' || primary === 'en') return primary;
  }
  return 'en';
}

function remembered(): string | null {
  try {
    return localStorage.getItem(STORED_UNDER);
  } catch {
    return null; // storage is switched off: the choice lasts for this page
  }
}

const chosen = signal<Locale>(
  typeof navigator === 'undefined' ? 'en' : preferredLocale(remembered(), navigator.languages),
);

export const locale = computed(() => chosen.value);
const numbers = computed(() => new Intl.NumberFormat(chosen.value));
const plurals = computed(() => new Intl.PluralRules(chosen.value));

export function chooseLocale(next: Locale): void {
  chosen.value = next;
  try {
    localStorage.setItem(STORED_UNDER, next);
  } catch {
    // storage is switched off: the choice lasts for this page
  }
}

type Values = Readonly<Record<string, string | number>>;

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? formatNumber(value) : value;
  });
}

export function formatNumber(value: number): string {
  return numbers.value.format(value);
}

/** What the placeholders of a text must be given: nothing where it has none. */
export type ValuesOf<S> = [PlaceholdersIn<S>] extends [never] ? [] : [Readonly<Record<PlaceholdersIn<S>, string | number>>];

export interface Translator<E extends Entries> {
  /** The text of a key in the chosen language, placeholders filled. */
  readonly t: <K extends TextKeyOf<E>>(key: K, ...values: ValuesOf<E[K]>) => string;
  /** The plural text of a key for a count; `{count}` is the formatted count. */
  readonly plural: (key: PluralKeyOf<E>, count: number) => string;
}

/** Texts from a pair of catalogues: those of the whole application below, or of a part that is loaded later. */
export function translator<E extends Entries>(english: E, vietnamese: CatalogueOf<E>): Translator<E> {
  const catalogues: Readonly<Record<Locale, CatalogueOf<E>>> = { en: english as unknown as CatalogueOf<E>, vi: vietnamese };
  return {
    t: (key, ...values) => {
      const text: string = catalogues[chosen.value][key];
      const given: Values | undefined = values[0];
      return given === undefined ? text : fill(text, given);
    },
    plural: (key, count) => {
      const forms = catalogues[chosen.value][key];
      const form = plurals.value.select(count) === 'one' ? (forms.one ?? forms.other) : forms.other;
      return fill(form, { count });
    },
  };
}

const english = { ...en };
const vietnamese = { ...vi };

/** Texts of pages that are loaded later join those of every page (see pages.ts). */
export function addTexts(moreEnglish: typeof pagesEn, moreVietnamese: CatalogueOf<typeof pagesEn>): void {
  Object.assign(english, moreEnglish);
  Object.assign(vietnamese, moreVietnamese);
}

export const { t, plural } = translator(english as Texts, vietnamese as unknown as CatalogueOf<Texts>);

/** What a viewport reports when an image cannot be shown. */
export type ImageErrorKey = Extract<TextKey, 'error.image' | `error.image.${string}`>;

/** True when the catalogue knows the error a viewport reports. */
export function isImageErrorKey(key: string): key is ImageErrorKey {
  return (key === 'error.image' || key.startsWith('error.image.')) && Object.hasOwn(en, key);
}
