/** Proofs under the state root. Counterpart of chain/state_tree.py. */

import { type Bytes, Malformed, equal, toUtf8 } from "./bytes";
import { hashTagged } from "./hashing";

const DEPTH_MAX = 256;

/** Siblings from the root's children down, and the leaf of another key where one is in the way. */
export interface StateProof {
  readonly siblings: readonly Bytes[];
  readonly other: { readonly path: Bytes; readonly valueHash: Bytes } | null;
}

/** Give the path of a key in the tree. */
export function hashKey(key: Uint8Array | string): Bytes {
  return hashTagged("state/key", typeof key === "string" ? toUtf8(key) : key);
}

/**
 * Check that under `root` the key has `value`, or no value when it is null.
 *
 * Throws Malformed with what does not fit.
 */
export function checkStateProof(
  root: Uint8Array,
  key: Uint8Array | string,
  value: Uint8Array | null,
  proof: StateProof,
): void {
  const path = hashKey(key);
  const depth = proof.siblings.length;
  if (depth > DEPTH_MAX) throw new Malformed(`the path has ${depth} steps, at most 256 are possible`);
  let node = startOf(path, value, proof);
  for (let at = depth - 1; at >= 0; at--) {
    const sibling = proof.siblings[at] as Bytes;
    node = bit(path, at) === 1
      ? hashTagged("state/inner", sibling, node)
      : hashTagged("state/inner", node, sibling);
  }
  if (!equal(node, root)) throw new Malformed("the path leads to another root than the header's");
}

function startOf(path: Bytes, value: Uint8Array | null, proof: StateProof): Bytes {
  const { other } = proof;
  if (value !== null) {
    if (other !== null) throw new Malformed("the proof shows another key in this place");
    return hashTagged("state/leaf", path, hashTagged("state/value", value));
  }
  if (other === null) return new Uint8Array(32);
  if (equal(other.path, path)) throw new Malformed("the proof shows the key itself, with a value");
  for (let at = 0; at < proof.siblings.length; at++) {
    if (bit(path, at) !== bit(other.path, at)) {
      throw new Malformed("the other key does not stand in this place");
    }
  }
  return hashTagged("state/leaf", other.path, other.valueHash);
}

function bit(path: Uint8Array, at: number): number {
  return ((path[at >> 3] as number) >> (7 - (at & 7))) & 1;
}
