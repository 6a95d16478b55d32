/** The viewer's DICOMweb client (PS3.18 §10.4): series metadata and frames, with the session's cookie. */
import { isInstance } from './attribute';
import type { DicomElement, DicomInstance } from './display_set';
import { type Part, parts } from './multipart';
import type { PixelFormat } from './pixel_format';

/** An answer that is no success; `status` 0 means that no answer came. */
export class DicomWebError extends Error {
  constructor(
    readonly status: number,
    readonly url: string,
  ) {
    super(`HTTP ${status}`);
    this.name = 'DicomWebError';
  }
}

/** What the viewer decodes, best first: HTJ2K lossless, else raw little endian. */
export const FRAME_ACCEPT = [
  'multipart/related; type="image/jphc"; transfer-syntax=1.2.840.10008.1.2.4.201',
  'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1;q=0.9',
].join(', ');

/** Raw frames only. */
export const RAW_FRAME_ACCEPT = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';

/** HTJ2K is asked for where the server offers it and OpenJPH gives all bits back: it clips signed samples of 8 bits. */
export function frameAccept(format: PixelFormat): string {
  const narrow = format.bitsAllocated === 8 && !format.signed;
  const wide = format.bitsAllocated === 16 && format.samplesPerPixel === 1;
  return !format.float && (narrow || wide) ? FRAME_ACCEPT : RAW_FRAME_ACCEPT;
}

/** Told to the server with what is fetched before anybody has asked to see it: it is noted as that, not as a view. */
export const PREFETCH: Readonly<Record<string, string>> = { Purpose: 'prefetch' };

async function get(url: string, accept: string, signal?: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { Accept: accept, ...headers }, credentials: 'same-origin', ...(signal ? { signal } : {}) });
  } catch (reason) {
    if (signal?.aborted === true) throw reason;
    throw new DicomWebError(0, url);
  }
  if (!response.ok) throw new DicomWebError(response.status, url);
  return response;
}

/** All instances of a series, or of a whole study, as DICOM JSON. @throws DicomWebError */
export async function fetchMetadata(
  studyInstanceUid: string, seriesInstanceUid?: string, signal?: AbortSignal, headers?: Readonly<Record<string, string>>,
): Promise<readonly DicomInstance[]> {
  const study = `/dicom-web/studies/${encodeURIComponent(studyInstanceUid)}`;
  const url = seriesInstanceUid === undefined ? `${study}/metadata` : `${study}/series/${encodeURIComponent(seriesInstanceUid)}/metadata`;
  const response = await get(url, 'application/dicom+json', signal, headers);
  const found: unknown = await response.json();
  if (!Array.isArray(found) || !found.every(isInstance)) throw new DicomWebError(response.status, url);
  return found;
}

/** Told while an answer of known length arrives: what is here of it, and how much that is of the whole (0 to 1). */
export type Arriving = (received: Uint8Array<ArrayBuffer>, share: number) => void;

async function piecewise(response: Response, arriving: Arriving): Promise<Uint8Array<ArrayBuffer>> {
  const length = Number(response.headers.get('Content-Length') ?? 0);
  if (!response.body || !(length > 0) || response.headers.has('Content-Encoding')) return new Uint8Array(await response.arrayBuffer());
  const whole = new Uint8Array(length);
  const reader = response.body.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return whole.subarray(0, at);
    if (at + value.length > length) throw new DicomWebError(response.status, response.url);
    whole.set(value, at);
    at += value.length;
    if (at < length) arriving(whole.subarray(0, at), at / length);
  }
}

/** Have a frame in the browser's cache before it is asked for. @throws DicomWebError, or the signal's reason when aborted */
export async function prefetchFrame(frameUrl: string, accept: string, signal: AbortSignal): Promise<void> {
  await (await get(frameUrl, accept, signal, PREFETCH)).arrayBuffer();
}

/** A picture of the server, before it is asked for. @throws DicomWebError, or the signal's reason when aborted */
export async function prefetchPicture(url: string, signal: AbortSignal): Promise<Blob> {
  return (await get(url, 'image/jpeg', signal, PREFETCH)).blob();
}

/** One frame, as the server delivers it. @throws DicomWebError, or the signal's reason when aborted */
export async function fetchFrame(frameUrl: string, accept: string, signal?: AbortSignal, arriving?: Arriving): Promise<Part> {
  const response = await get(frameUrl, accept, signal);
  const body = arriving ? await piecewise(response, arriving) : new Uint8Array(await response.arrayBuffer());
  const [part] = parts(body, response.headers.get('Content-Type') ?? '');
  if (!part) throw new DicomWebError(response.status, frameUrl);
  return part;
}

/** A value that a header holds itself or leaves behind an address of this server (PS3.18 F.2.2). @throws DicomWebError */
export async function fetchBulk(element: DicomElement | undefined, signal?: AbortSignal): Promise<Uint8Array> {
  if (typeof element?.InlineBinary === 'string') return Uint8Array.from(atob(element.InlineBinary), (letter) => letter.charCodeAt(0));
  const address = element?.BulkDataURI ?? '';
  // Only ever our own server: an address that a peer wrote into its file is not asked.
  const path = address.startsWith('/') && !address.startsWith('//') ? address : new URL(address, globalThis.location.href).pathname;
  if (!path.startsWith('/dicom-web/')) throw new DicomWebError(404, address);
  const response = await get(path, 'application/octet-stream', signal);
  return new Uint8Array(await response.arrayBuffer());
}
