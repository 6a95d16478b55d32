import { describe, expect, it } from 'vitest';

import { type Draft, Drafts, type Storage } from './draft';

function memory(): Storage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get length() { return kept.size; },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => { kept.set(name, value); },
    removeItem: (name) => { kept.delete(name); },
  };
}

const DRAFT: Draft = { at: '2026-11-23T06:00:00.000Z', drawings: [], lengths: [], keyImages: [{ sop_instance_uid: '1.2', frame: 1 }], pending: null };

describe('a draft', () => {
  it('is its author\'s alone, of one study', () => {
    const drafts = new Drafts(memory());
    expect(drafts.write('bs. hà', '1.2.3', DRAFT)).toBe(true);
    expect(drafts.read('bs. hà', '1.2.3')).toEqual(DRAFT);
    expect(drafts.read('bs.minh', '1.2.3')).toBeNull();
    expect(drafts.read('bs. hà', '1.2.4')).toBeNull();
    drafts.remove('bs. hà', '1.2.3');
    expect(drafts.read('bs. hà', '1.2.3')).toBeNull();
  });

  it('is forgotten after two weeks, and what is none is not read', () => {
    const storage = memory();
    const drafts = new Drafts(storage, () => Date.parse('2026-12-20T00:00:00Z'));
    drafts.write('a b', '1', DRAFT);
    drafts.write('a', '2', { ...DRAFT, at: '2026-12-19T00:00:00Z' });
    storage.kept.set('filmless.locale', 'vi');
    drafts.sweep();
    expect(drafts.read('a b', '1')).toBeNull();
    expect(drafts.read('a', '2')).not.toBeNull();
    expect(storage.kept.get('filmless.locale')).toBe('vi');
    storage.kept.set('filmless.draft a 3', '{"at": 1}');
    expect(drafts.read('a', '3')).toBeNull();
  });

  it('is nobody\'s loss where the browser keeps nothing', () => {
    const full: Storage = { ...memory(), setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } };
    expect(new Drafts(full).write('a', '1', DRAFT)).toBe(false);
    expect(new Drafts(null).read('a', '1')).toBeNull();
  });
});
