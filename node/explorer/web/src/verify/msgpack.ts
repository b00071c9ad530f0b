/**
 * The part of MessagePack that Veritwin's formats use: nil, bool, integers, text, bytes, arrays.
 *
 * The reader keeps positions, so that a part can be hashed exactly as it stood in the file, and it
 * refuses every encoding that is not the shortest. Maps, floats and extensions have no place here.
 */

import { type Bytes, Malformed, concat, fromUtf8, toUtf8 } from "./bytes";

export type Packed = null | boolean | number | string | Uint8Array | readonly Packed[];

const DEPTH_MAX = 16;

/** Reads one value after another from a byte string. */
export class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(
    private readonly data: Uint8Array,
    private readonly what: string,
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Position of the next byte. */
  get position(): number {
    return this.at;
  }

  /** Copy of the bytes from `start` to the present position. */
  since(start: number): Bytes {
    return new Uint8Array(this.data.subarray(start, this.at));
  }

  /** Read the head of an array and give its length; `wanted` is the only length allowed. */
  array(wanted?: number): number {
    const length = this.arrayLength();
    if (wanted !== undefined && length !== wanted) {
      this.fail(`an array has ${length} fields, not ${wanted}`);
    }
    return length;
  }

  /** Read a byte string; `size` is the only size allowed. */
  bytes(size?: number): Bytes {
    const head = this.byte();
    let length: number;
    if (head === 0xc4) length = this.sized(1, 0);
    else if (head === 0xc5) length = this.sized(2, 0x100);
    else if (head === 0xc6) length = this.sized(4, 0x10000);
    else return this.fail("bytes were expected");
    if (size !== undefined && length !== size) this.fail(`${length} bytes stand where ${size} belong`);
    return this.take(length);
  }

  /** Read a text. */
  text(): string {
    const head = this.byte();
    let length: number;
    if (head >= 0xa0 && head <= 0xbf) length = head & 0x1f;
    else if (head === 0xd9) length = this.sized(1, 32);
    else if (head === 0xda) length = this.sized(2, 0x100);
    else if (head === 0xdb) length = this.sized(4, 0x10000);
    else return this.fail("a text was expected");
    return fromUtf8(this.take(length), this.what);
  }

  /** Read a whole number from 0 to 2^53-1. */
  count(): number {
    const value = this.value();
    if (typeof value !== "number" || value < 0) return this.fail("a whole number was expected");
    return value;
  }

  /** Tell whether the next value is nil, and step over it when it is. */
  nil(): boolean {
    if (this.data[this.at] !== 0xc0) return false;
    this.at += 1;
    return true;
  }

  /** Read any value. */
  value(depth = 0): Packed {
    if (depth > DEPTH_MAX) return this.fail("values are nested too deeply");
    const head = this.data[this.at];
    if (head === undefined) return this.fail("the bytes end too early");
    if (head <= 0x7f || head >= 0xe0 || (head >= 0xcc && head <= 0xd3)) return this.integer();
    if (head === 0xc0 || head === 0xc2 || head === 0xc3) {
      this.at += 1;
      return head === 0xc0 ? null : head === 0xc3;
    }
    if ((head >= 0xa0 && head <= 0xbf) || (head >= 0xd9 && head <= 0xdb)) return this.text();
    if (head >= 0xc4 && head <= 0xc6) return this.bytes();
    const items: Packed[] = [];
    for (let left = this.arrayLength(); left > 0; left--) items.push(this.value(depth + 1));
    return items;
  }

  /** Refuse bytes after the last value. */
  end(): void {
    if (this.at !== this.data.length) {
      this.fail(`${this.data.length - this.at} bytes follow the last value`);
    }
  }

  private arrayLength(): number {
    const head = this.byte();
    if (head >= 0x90 && head <= 0x9f) return head & 0x0f;
    let length: number;
    if (head === 0xdc) length = this.sized(2, 16);
    else if (head === 0xdd) length = this.sized(4, 0x10000);
    else return this.fail("an array was expected");
    if (length > this.data.length - this.at) this.fail("an array is longer than the bytes");
    return length;
  }

  private integer(): number {
    const head = this.byte();
    if (head <= 0x7f) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head === 0xcc) return this.sized(1, 0x80);
    if (head === 0xcd) return this.sized(2, 0x100);
    if (head === 0xce) return this.sized(4, 0x10000);
    if (head === 0xcf) return this.safe(this.wide((v, at) => v.getBigUint64(at)), 0x100000000n);
    return this.negative(head);
  }

  private negative(head: number): number {
    let value: number;
    let bound: number;
    if (head === 0xd0) [value, bound] = [this.view.getInt8(this.need(1)), -32];
    else if (head === 0xd1) [value, bound] = [this.view.getInt16(this.need(2)), -0x80];
    else if (head === 0xd2) [value, bound] = [this.view.getInt32(this.need(4)), -0x8000];
    else [value, bound] = [Number(this.wide((v, at) => v.getBigInt64(at))), -0x80000000];
    if (value >= bound || !Number.isSafeInteger(value)) this.fail("a number is not in its shortest form");
    return value;
  }

  private wide(read: (view: DataView, at: number) => bigint): bigint {
    return read(this.view, this.need(8));
  }

  private safe(value: bigint, least: bigint): number {
    if (value < least) this.fail("a number is not in its shortest form");
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail("a number is over 2^53-1");
    return Number(value);
  }

  /** Read an unsigned number of `size` bytes that must be at least `least`. */
  private sized(size: 1 | 2 | 4, least: number): number {
    const at = this.need(size);
    const value =
      size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
    if (value < least) this.fail("a length or number is not in its shortest form");
    return value;
  }

  private need(size: number): number {
    if (this.at + size > this.data.length) this.fail("the bytes end too early");
    const start = this.at;
    this.at += size;
    return start;
  }

  private byte(): number {
    return this.view.getUint8(this.need(1));
  }

  private take(length: number): Bytes {
    const start = this.need(length);
    return new Uint8Array(this.data.subarray(start, start + length));
  }

  private fail(reason: string): never {
    throw new Malformed(`${this.what} cannot be read: ${reason}`);
  }
}

/** Encode a value in its shortest form. */
export function pack(value: Packed): Bytes {
  if (value === null) return Uint8Array.of(0xc0);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xc3 : 0xc2);
  if (typeof value === "number") return packInteger(value);
  if (typeof value === "string") {
    const data = toUtf8(value);
    const head = data.length < 32 ? Uint8Array.of(0xa0 | data.length) : headOf(data.length, 0xd9);
    return concat(head, data);
  }
  if (value instanceof Uint8Array) return concat(headOf(value.length, 0xc4), value);
  const head = value.length < 16 ? Uint8Array.of(0x90 | value.length) : headOf(value.length, 0xdb);
  return concat(head, ...value.map(pack));
}

function headOf(length: number, first: number): Bytes {
  if (length < 0x100 && first !== 0xdb) return Uint8Array.of(first, length);
  if (length < 0x10000) return Uint8Array.of(first + 1, length >> 8, length & 0xff);
  const head = new Uint8Array(5);
  head[0] = first + 2;
  new DataView(head.buffer).setUint32(1, length);
  return head;
}

function packInteger(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new Malformed(`${value} has no place in a format`);
  if (value < 0x80) return Uint8Array.of(value);
  const wide = new Uint8Array(9);
  const view = new DataView(wide.buffer);
  view.setBigUint64(1, BigInt(value));
  const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8;
  const start = 8 - size;
  wide[start] = { 1: 0xcc, 2: 0xcd, 4: 0xce, 8: 0xcf }[size];
  return wide.slice(start);
}
