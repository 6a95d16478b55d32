import { beforeAll, describe, expect, it, vi } from 'vitest';

import type * as Commands from './commands';

let commands: typeof Commands;

beforeAll(async () => {
  vi.stubGlobal('location', { href: 'http://localhost/viewer' });
  vi.stubGlobal('addEventListener', () => undefined);
  commands = await import('./commands');
});

const press = (key: string, code = '', held: Partial<KeyboardEvent> = {}): string | undefined =>
  commands.commandOf({ key, code, ctrlKey: false, altKey: false, metaKey: false, ...held })?.id;

describe('the commands', () => {
  it('have names and keys of their own', () => {
    const keys = commands.COMMANDS.map(({ stroke }) => `${stroke.ctrl ? 'Ctrl ' : ''}${stroke.code ?? stroke.key}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(commands.COMMANDS.map(({ id }) => id)).size).toBe(commands.COMMANDS.length);
  });

  it('are found by their key, in either case', () => {
    expect(press('w', 'KeyW')).toBe('window');
    expect(press('W', 'KeyW')).toBe('window');
    expect(press(' ', 'Space')).toBe('cine');
    expect(press('=', 'Equal')).toBe('zoom_in');
    expect(press('@', 'Digit2', { ctrlKey: true })).toBeUndefined();
  });

  it('take a preset by the place of its digit: Vietnamese keyboards have letters there', () => {
    expect(press('ă', 'Digit1')).toBe('preset_abdomen');
    expect(press('6', 'Numpad6')).toBe('preset_lung');
  });

  it('leave keys with Ctrl, Alt or Meta to the browser', () => {
    expect(press('r', 'KeyR', { ctrlKey: true })).toBeUndefined();
    expect(press('f', 'KeyF', { metaKey: true })).toBeUndefined();
    expect(press('z', 'KeyZ', { ctrlKey: true })).toBe('undo');
    expect(press('z', 'KeyZ')).toBe('zoom');
  });
});
