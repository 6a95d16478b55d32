import { beforeAll, describe, expect, it, vi } from 'vitest';

import type * as Themes from './theme';

let themes: typeof Themes;

beforeAll(async () => {
  vi.stubGlobal('location', { href: 'http://localhost/' });
  vi.stubGlobal('addEventListener', () => undefined);
  themes = await import('./theme');
});

describe('the theme', () => {
  it.each([
    ['auto', '/', true, 'light'], ['auto', '/', false, 'dark'], ['auto', '/viewer', true, 'dark'], ['auto', '/monitor', true, 'dark'],
    ['light', '/viewer', false, 'light'], ['dark', '/', true, 'dark'],
  ] as const)('%s on %s where the system is light: %s gives %s', (choice, page, light, expected) => {
    expect(themes.themeOf(choice, page, light)).toBe(expected);
  });
});
