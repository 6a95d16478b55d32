/** Each page brings the styles of what is on it: which page was open before must not matter. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));

function files(ending: RegExp): ReadonlyMap<string, string> {
  const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => ending.test(name) && !/\.test\.|\.d\.ts/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(SOURCES, name), 'utf8')]));
}

const MODULES = files(/\.tsx?$/);
const CLASSES = new Map([...files(/\.css$/)].map(([name, text]) => [
  basename(name), new Set([...text.replaceAll(/\/\*[^]*?\*\//g, '').matchAll(/\.([a-z][a-z0-9-]+)/g)].map(([, found]) => found ?? '')),
]));

function found(from: string, address: string): string | null {
  const path = normalize(join(dirname(from), address));
  return [`${path}.tsx`, `${path}.ts`, join(path, 'index.ts')].find((name) => MODULES.has(name)) ?? null;
}

function addresses(module: string, pattern: RegExp): readonly string[] {
  return [...(MODULES.get(module) ?? '').matchAll(pattern)].map(([, address]) => address ?? '');
}

/** A module and all that it imports without asking later. */
function together(module: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(module)) return seen;
  seen.add(module);
  for (const address of addresses(module, /(?:^|\n)import (?!type)[^;]*?'(\.[^']+)'/g)) {
    const next = found(module, address);
    if (next !== null) together(next, seen);
  }
  return seen;
}

function styles(modules: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...modules].flatMap((module) => addresses(module, /'(\.[^']+\.css)'/g).map((address) => basename(address))));
}

function used(module: string): readonly string[] {
  const written = [...(MODULES.get(module) ?? '').matchAll(/class=(?:"([^"]+)"|\{`([^`]+)`\})/g)];
  return written.flatMap(([, plain, made]) => (plain ?? made ?? '').replaceAll(/\$\{[^}]*\}/g, ' ').split(/\s+/));
}

const SHELL = together('app/main.tsx');
const PAGES = addresses('app/app.tsx', /import\('(\.[^']+)'\)/g).flatMap((address) => found('app/app.tsx', address) ?? []);

describe('the styles of a page', () => {
  it.each(['app/main.tsx', ...PAGES])('come with %s', (page) => {
    const modules = together(page);
    const loaded = new Set([...styles(SHELL), ...styles(modules)]);
    const known = new Set([...loaded].flatMap((name) => [...(CLASSES.get(name) ?? [])]));
    const elsewhere = new Set([...CLASSES.values()].flatMap((classes) => [...classes]));
    const missing = [...modules].flatMap((module) => used(module).filter((name) => elsewhere.has(name) && !known.has(name)).map((name) => `${module}: ${name}`));
    expect(missing).toEqual([]);
  });
});
