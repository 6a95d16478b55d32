/** The chosen language: the browser's at first, then what the person chose, remembered in this browser. */
import { computed, signal } from '@preact/signals';

import type { Catalogue, Placeholders, PluralKey, TextKey } from './catalogue';
import { en } from './en';
import { vi } from './vi';

export type Locale = 'vi' | 'en';

const STORED_UNDER = 'filmless.locale';
const CATALOGUES: Readonly<Record<Locale, Catalogue>> = { vi, en };

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

/** The text of a key in the chosen language, placeholders filled. */
export function t<K extends TextKey>(
  key: K,
  ...values: [Placeholders<K>] extends [never] ? [] : [Readonly<Record<Placeholders<K>, string | number>>]
): string {
  const text: string = CATALOGUES[chosen.value][key];
  const given: Values | undefined = values[0];
  return given === undefined ? text : fill(text, given);
}

/** The plural text of a key for a count; `{count}` is the formatted count. */
export function plural(key: PluralKey, count: number): string {
  const forms = CATALOGUES[chosen.value][key];
  const form = plurals.value.select(count) === 'one' ? (forms.one ?? forms.other) : forms.other;
  return fill(form, { count });
}

/** What a viewport reports when an image cannot be shown. */
export type ImageErrorKey = Extract<TextKey, 'error.image' | `error.image.${string}`>;

/** True when the catalogue knows the error a viewport reports. */
export function isImageErrorKey(key: string): key is ImageErrorKey {
  return (key === 'error.image' || key.startsWith('error.image.')) && Object.hasOwn(en, key);
}
