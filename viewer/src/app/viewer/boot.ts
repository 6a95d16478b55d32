/** What the server already put into the page of an opened study: its manifest, and the address of its first picture. */
import type { Manifest } from '../api';

let read: Manifest | null | undefined;

/** The manifest in the page; null when there is none. */
export function bootManifest(): Manifest | null {
  if (read !== undefined) return read;
  const text = document.getElementById('filmless-manifest')?.textContent ?? '';
  try {
    read = text === '' ? null : (JSON.parse(text) as Manifest);
  } catch {
    read = null;
  }
  return read;
}

/** The server-rendered picture that the page already fetches; null when there is none. */
export function bootPicture(): string | null {
  return document.querySelector<HTMLLinkElement>('link[rel="preload"][as="image"]')?.getAttribute('href') ?? null;
}
