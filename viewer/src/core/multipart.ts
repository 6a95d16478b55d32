/** Parts of a `multipart/related` answer (RFC 2046 §5.1, PS3.18 §8.6.1.2). */

export interface Part {
  /** Media type with its parameters, as the part's header has it. */
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The boundary of a multipart content type; null when it is a single part. */
export function boundaryOf(contentType: string): string | null {
  if (!contentType.trim().toLowerCase().startsWith('multipart/')) return null;
  const found = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

function find(bytes: Uint8Array, pattern: Uint8Array, from: number): number {
  const [first] = pattern;
  if (first === undefined) return -1;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (at + pattern.length > bytes.length) return -1;
    if (pattern.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

/** What is here of the first part of a body that still arrives; null before its headers have ended. */
export function firstPart(received: Uint8Array<ArrayBuffer>): Part | null {
  const headersEnd = find(received.subarray(0, MOST_HEADER_BYTES), ascii('\r\n\r\n'), 0);
  if (headersEnd === -1) return null;
  const headers = new TextDecoder('latin1').decode(received.subarray(0, headersEnd));
  return { contentType: typeIn(headers), body: received.subarray(headersEnd + 4) };
}

function typeIn(headers: string): string {
  return /^content-type:\s*(.+?)\s*$/im.exec(headers)?.[1] ?? 'application/octet-stream';
}

const MOST_HEADER_BYTES = 1024;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * The parts of a body. A single-part answer is one part with the answer's own content type.
 * @throws Error when the body ends before its closing boundary.
 */
export function parts(body: Uint8Array<ArrayBuffer>, contentType: string): readonly Part[] {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return [{ contentType, body }];
  const delimiter = ascii(`--${boundary}`);
  const next = ascii(`\r\n--${boundary}`);
  const found: Part[] = [];
  let at = find(body, delimiter, 0);
  while (at !== -1) {
    const start = at + delimiter.length;
    if (body[start] === 0x2d && body[start + 1] === 0x2d) return found;
    const headersEnd = find(body, ascii('\r\n\r\n'), start);
    const end = headersEnd === -1 ? -1 : find(body, next, headersEnd + 2);
    if (end === -1) break;
    const headers = new TextDecoder('latin1').decode(body.subarray(start, headersEnd));
    found.push({ contentType: typeIn(headers), body: body.subarray(headersEnd + 4, end) });
    at = end + 2;
  }
  throw new Error('the multipart answer is cut short');
}
