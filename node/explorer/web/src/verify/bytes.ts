/** Byte strings: conversions that refuse anything but the one right spelling. */

export type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes or text cannot be what they are said to be. */
export class Malformed extends Error {}

const HEX = /^(?:[0-9a-f]{2})*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Write bytes as lower-case hex. */
export function toHex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Read lower-case hex; `size` is the number of bytes wanted. */
export function fromHex(text: unknown, what: string, size?: number): Bytes {
  if (typeof text !== "string" || !HEX.test(text)) {
    throw new Malformed(`${what} is not lower-case hex`);
  }
  const data = new Uint8Array(text.length / 2);
  for (let i = 0; i < data.length; i++) data[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  if (size !== undefined && data.length !== size) {
    throw new Malformed(`${what} has ${data.length} bytes, not ${size}`);
  }
  return data;
}

/** Read base64 with padding; by default only in its one canonical spelling. */
export function fromBase64(text: unknown, what: string, { isCanonical = true } = {}): Bytes {
  if (typeof text !== "string" || !BASE64.test(text)) throw new Malformed(`${what} is not base64`);
  const binary = atob(text);
  if (isCanonical && btoa(binary) !== text) throw new Malformed(`${what} is not canonical base64`);
  const data = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) data[i] = binary.charCodeAt(i);
  return data;
}

/** Write bytes as base64 with padding. */
export function toBase64(data: Uint8Array): string {
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Join byte strings. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Give a whole number (0 .. 2^53-1) as 8 bytes, most significant first. */
export function toBytes8(value: number): Bytes {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, BigInt(value));
  return data;
}

/** Tell whether two byte strings are the same. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

/** Decode UTF-8 and refuse anything that is not. */
export function fromUtf8(data: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Malformed(`${what} is not UTF-8`);
  }
}

/** Encode text as UTF-8. */
export function toUtf8(text: string): Bytes {
  const encoded = new TextEncoder().encode(text);
  return new Uint8Array(encoded);
}
