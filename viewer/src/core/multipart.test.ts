import { describe, expect, it } from 'vitest';
import { boundaryOf, firstPart, parts } from './multipart';

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const text = (body: Uint8Array): string => String.fromCharCode(...body);

describe('multipart answers', () => {
  const type = 'multipart/related; type="image/jphc"; boundary="a b"';

  it('gives the parts with their types, bytes untouched', () => {
    const body = bytes('--a b\r\nContent-Type: image/jphc; transfer-syntax=1.2\r\nContent-Location: /x\r\n\r\n\r\n--a\r\xff\0\r\n--a b\r\n\r\nsecond\r\n--a b--\r\n');
    const found = parts(body, type);
    expect(found.map(({ contentType }) => contentType)).toEqual(['image/jphc; transfer-syntax=1.2', 'application/octet-stream']);
    expect(found.map(({ body: part }) => text(part))).toEqual(['\r\n--a\r\xff\0', 'second']);
  });

  it('takes an answer that is not multipart as one part', () => {
    expect(parts(bytes('xyz'), 'image/jphc')).toEqual([{ contentType: 'image/jphc', body: bytes('xyz') }]);
  });

  it('gives what is here of the first part while it arrives', () => {
    expect(firstPart(bytes('--a b\r\nContent-Type: ima'))).toBeNull();
    const part = firstPart(bytes('--a b\r\nContent-Type: image/jphc\r\n\r\nbegin'));
    expect([part?.contentType, part && text(part.body)]).toEqual(['image/jphc', 'begin']);
  });

  it('refuses one that is cut short', () => {
    expect(() => parts(bytes('--a b\r\nContent-Type: image/jphc\r\n\r\nhalf'), type)).toThrow('cut short');
  });

  it('reads boundaries with and without quotes', () => {
    expect(boundaryOf('multipart/related; boundary=xyz; type=a')).toBe('xyz');
    expect(boundaryOf(type)).toBe('a b');
    expect(boundaryOf('application/octet-stream')).toBeNull();
  });
});
