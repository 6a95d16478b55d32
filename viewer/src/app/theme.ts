/** Light or dark: what the person chose, else dark for the viewer and what the system says for all other pages. */
import { computed, effect, signal } from '@preact/signals';

import { path } from './location';

export type Theme = 'light' | 'dark';
export const THEME_CHOICES = ['auto', 'light', 'dark'] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];

const STORED_UNDER = 'filmless.theme';
/** Pages where images are judged: beside a white page the eye sees less in the dark of an image. */
const READING_PAGES = new Set(['/viewer', '/monitor']);

export function themeOf(choice: ThemeChoice, page: string, systemIsLight: boolean): Theme {
  if (choice !== 'auto') return choice;
  return systemIsLight && !READING_PAGES.has(page) ? 'light' : 'dark';
}

function remembered(): ThemeChoice {
  try {
    const stored = localStorage.getItem(STORED_UNDER);
    return THEME_CHOICES.find((one) => one === stored) ?? 'auto';
  } catch {
    return 'auto'; // storage is switched off: the choice lasts for this page
  }
}

const chosen = signal<ThemeChoice>('auto');
const systemIsLight = signal(false);

export const themeChoice = computed(() => chosen.value);
export const theme = computed(() => themeOf(chosen.value, path.value, systemIsLight.value));

export function chooseTheme(choice: ThemeChoice): void {
  chosen.value = choice;
  try {
    localStorage.setItem(STORED_UNDER, choice);
  } catch {
    // storage is switched off: the choice lasts for this page
  }
}

/** Put the theme on the page, before anything is drawn, and keep it there. */
export function startTheme(): void {
  chosen.value = remembered();
  const system = matchMedia('(prefers-color-scheme: light)');
  systemIsLight.value = system.matches;
  system.addEventListener('change', () => { systemIsLight.value = system.matches; });
  // Another window of the same person changed it: two monitors look alike.
  globalThis.addEventListener('storage', (event) => { if (event.key === STORED_UNDER) chosen.value = remembered(); });
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', theme.value === 'light' ? '#f3f5f8' : '#0a0c0f');
  });
}
