/** SHA-256 with a domain tag for every use. Counterpart of chain/hashing.py. */

import { sha256 as digest } from "@noble/hashes/sha2.js";

import { type Bytes, concat, toBytes8, toUtf8 } from "./bytes";

const PROTOCOL = "veritwin/1/";

/** Plain SHA-256. It runs in this page's code, so proofs of thousands of leaves need no waiting. */
export function sha256(data: Uint8Array): Bytes {
  return new Uint8Array(digest(data));
}

/** Hash `parts` for the use named `tag`; every part is preceded by its length in 8 bytes. */
export function hashTagged(tag: string, ...parts: readonly Uint8Array[]): Bytes {
  const pieces: Uint8Array[] = [];
  for (const part of [toUtf8(PROTOCOL + tag), ...parts]) pieces.push(toBytes8(part.length), part);
  return sha256(concat(...pieces));
}

/** Give the 32 bytes that are signed for `purpose` on the chain with this genesis hash. */
export function signingHash(
  purpose: string,
  genesis: Uint8Array,
  ...parts: readonly Uint8Array[]
): Bytes {
  return hashTagged(`sign/${purpose}`, genesis, ...parts);
}
