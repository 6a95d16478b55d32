/** Names of drawings and requests as UUIDs, which DICOM makes UIDs of (PS3.5 B.2). */

const OURS = /^m-([0-9a-f]{16})$/;
const OURS_AS_UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8([0-9a-f])00-f11e00000000$/;

function hex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` is missing where a hospital serves plain HTTP. */
export function freshUuid(): string {
  const random = hex(16);
  return `${random.slice(0, 8)}-${random.slice(8, 12)}-4${random.slice(13, 16)}-8${random.slice(17, 20)}-${random.slice(20)}`;
}

/** The UUID of a drawing: that of one drawn here holds its name, so that it comes back under it. */
export function uuidOf(id: string): string {
  const digits = OURS.exec(id)?.[1];
  return digits === undefined
    ? id : `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(12, 15)}-8${digits.slice(15)}00-f11e00000000`;
}

/** The name of the drawing with this UUID. */
export function idOf(uuid: string): string {
  const found = OURS_AS_UUID.exec(uuid);
  return found ? `m-${found.slice(1).join('')}` : uuid;
}
