import { describe, expect, it } from 'vitest';

import { adminEn } from './admin_en';
import { adminVi } from './admin_vi';
import { drawingEn } from './drawing_en';
import { drawingVi } from './drawing_vi';
import { en } from './en';
import { objectsEn } from './objects_en';
import { objectsVi } from './objects_vi';
import { ordersEn } from './orders_en';
import { ordersVi } from './orders_vi';
import { chooseLocale, formatNumber, isImageErrorKey, plural, preferredLocale, t } from './locale';
import { networkEn } from './network_en';
import { networkVi } from './network_vi';
import { routingEn } from './routing_en';
import { routingVi } from './routing_vi';
import './pages';
import { pagesEn } from './pages_en';
import { pagesVi } from './pages_vi';
import { savedEn } from './saved_en';
import { savedVi } from './saved_vi';
import { trayEn } from './tray_en';
import { trayVi } from './tray_vi';
import { vi } from './vi';
import { volumeEn } from './volume_en';
import { volumeVi } from './volume_vi';

type Entry = string | Readonly<Record<string, string>>;

function placeholders(entry: Entry): string[] {
  const forms = typeof entry === 'string' ? [entry] : Object.values(entry);
  return [...new Set(forms.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].toSorted();
}

const PAIRS = [['of every page', en, vi], ['of pages loaded later', pagesEn, pagesVi], ['of the administrators', adminEn, adminVi], ['of the orders', ordersEn, ordersVi], ['of the network', networkEn, networkVi], ['of forwarding', routingEn, routingVi], ['of drawing', drawingEn, drawingVi], ['of the film tray', trayEn, trayVi], ['of objects', objectsEn, objectsVi],
  ['of what is saved', savedEn, savedVi], ['of the volume', volumeEn, volumeVi]] as const;

describe.each(PAIRS)('the catalogues %s', (_, english_, vietnamese_) => {
  const english: Readonly<Record<string, Entry>> = english_;
  const vietnamese = vietnamese_ as unknown as Readonly<Record<string, Entry>>;

  it('have the same placeholders in both languages', () => {
    for (const [key, entry] of Object.entries(english)) {
      expect([key, placeholders(vietnamese[key] ?? '')]).toEqual([key, placeholders(entry)]);
    }
  });

  it('hold no empty text, and no Vietnamese text that was left in English by mistake', () => {
    const same = /^(app\.name|chip\.|key\.|tool\.|viewer\.(window_values|one_to_one)|studies\.empty_ae|kind\.video|wave\.(gain_value|milliseconds)|layer\.gray|volume\.(slab_of|millimetres|tab\.render)|receipt\.(nothing|span)|preset\.suv|status\.index_(sqlite|postgresql))/;
    for (const [key, entry] of Object.entries(vietnamese)) {
      expect(typeof entry === 'string' ? entry : entry['other']).not.toBe('');
      if (!same.test(key)) expect([key, entry]).not.toEqual([key, english[key]]);
    }
  });
});

describe('the chosen language', () => {
  it('is the remembered one, else the first of the browser that we speak, else English', () => {
    expect(preferredLocale('vi', ['en-US'])).toBe('vi');
    expect(preferredLocale(null, ['fr-FR', 'vi-VN', 'en'])).toBe('vi');
    expect(preferredLocale('de', ['en-GB', 'vi'])).toBe('en');
    expect(preferredLocale(null, ['fr'])).toBe('en');
  });

  it('fills placeholders and counts by its plural rules', () => {
    chooseLocale('en');
    expect(t('app.signed_in_as', { name: 'Hà' })).toBe('Signed in as Hà');
    expect(plural('studies.count', 1)).toBe('1 study');
    expect(plural('studies.count', 1200)).toBe('1,200 studies');
    chooseLocale('vi');
    expect(plural('studies.count', 1)).toBe('1 ca chụp');
    expect(formatNumber(1200)).toBe('1.200');
  });

  it('knows the errors a viewport may report', () => {
    expect(isImageErrorKey('error.image.decode')).toBe(true);
    expect(isImageErrorKey('error.image.nonsense')).toBe(false);
    expect(isImageErrorKey('app.name')).toBe(false);
  });
});

/** The keys that a source file says as they are: a prefix where the rest is computed. */
function said(source: string): readonly string[] {
  return [...source.matchAll(/'([a-z_]+\.[\w.]+)'|`([a-z_]+\.(?:[a-z_]+\.)*)\$\{/g)].map(([, key, prefix]) => key ?? prefix ?? '');
}

it('texts of pages loaded later are said only by modules that bring them', async () => {
  const { readdir, readFile } = await import('node:fs/promises');
  const late = Object.keys(pagesEn);
  const names = (await readdir('src', { recursive: true })).filter((name) => /\.tsx?$/.test(name) && !/^i18n|\.test\./.test(name));
  const wrong: string[] = [];
  for (const name of names) {
    const source = await readFile(`src/${name}`, 'utf8');
    const without = said(source).filter((key) => late.includes(key) || (key.endsWith('.') && late.some((one) => one.startsWith(key)) && !Object.keys(en).some((one) => one.startsWith(key))));
    if (without.length > 0 && !source.includes("i18n/pages'")) wrong.push(`${name}: ${without.join(', ')}`);
  }
  expect(wrong).toEqual([]);
});
