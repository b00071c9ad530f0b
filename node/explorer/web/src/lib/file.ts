/** Hashing a file on this device, piece by piece. */

import { sha256 } from "@noble/hashes/sha2.js";

import { toHex } from "../verify";

/** Give the SHA-256 of a file in hex without holding all of it in memory. */
export async function hashFile(file: File): Promise<string> {
  const hasher = sha256.create();
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return toHex(hasher.digest());
    hasher.update(value);
  }
}
