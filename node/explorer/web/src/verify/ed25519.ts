/**
 * Ed25519: the browser's own implementation, or @noble/ed25519 where there is none.
 *
 * A page from plain http on another host is no secure context, and then `crypto.subtle` is missing.
 */

import * as noble from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

import type { Bytes } from "./bytes";

noble.hashes.sha512 = sha512;

export type Engine = "WebCrypto" | "noble";

/** The base point in a form every implementation imports, to ask whether it knows Ed25519. */
const ANY_KEY = Uint8Array.from([0x58, ...Array<number>(31).fill(0x66)]);

let chosen: Promise<Engine> | undefined;

/** Say which implementation checks signatures on this device. */
export function getEngine(): Promise<Engine> {
  chosen ??= chooseEngine();
  return chosen;
}

async function chooseEngine(): Promise<Engine> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return "noble";
  try {
    await subtle.importKey("raw", ANY_KEY, "Ed25519", false, ["verify"]);
    return "WebCrypto";
  } catch {
    return "noble";
  }
}

/** Tell whether `signature` over `message` was made with the private half of `key`. */
export async function verifySignature(
  key: Bytes,
  message: Bytes,
  signature: Bytes,
  engine?: Engine,
): Promise<boolean> {
  if (key.length !== 32 || signature.length !== 64) return false;
  try {
    if ((engine ?? (await getEngine())) === "noble") {
      return noble.verify(signature, message, key, { zip215: false });
    }
    const subtle = globalThis.crypto.subtle;
    const imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false;
  }
}
