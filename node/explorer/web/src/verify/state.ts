/** Proofs under the state root. Counterpart of chain/state_tree.py. */

import { type Bytes, Malformed, equal, toUtf8 } from "./bytes";
import { hashTagged } from "./hashing";

const DEPTH_MAX = 64;
const HASH_SIZE = 32;

/**
 * Siblings from the root's children down: for each step which other children the node has, as two
 * bytes, and their hashes; and the leaf of another key where one is in the way.
 */
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
  if (depth > DEPTH_MAX) throw new Malformed(`the path has ${depth} steps, at most ${DEPTH_MAX} are possible`);
  let node = startOf(path, value, proof);
  for (let at = depth - 1; at >= 0; at--) {
    node = hashTagged("state/inner", join(proof.siblings[at] as Bytes, slot(path, at), node));
  }
  if (!equal(node, root)) throw new Malformed("the path leads to another root than the header's");
}

/** Put a child among its siblings; a child that is only zeros is an empty subtree. */
function join(siblings: Bytes, own: number, child: Bytes): Bytes {
  if (siblings.length < 2) throw new Malformed("the siblings of a step do not fit their places");
  const places = ((siblings[0] as number) << 8) | (siblings[1] as number);
  if (siblings.length !== 2 + HASH_SIZE * countOnes(places) || (places >> own) & 1) {
    throw new Malformed("the siblings of a step do not fit their places");
  }
  if (child.every((byte) => byte === 0)) return siblings;
  const at = 2 + HASH_SIZE * countOnes(places & ((1 << own) - 1));
  const joined = new Uint8Array(siblings.length + HASH_SIZE);
  joined.set(siblings.subarray(0, at));
  joined.set(child, at);
  joined.set(siblings.subarray(at), at + HASH_SIZE);
  const all = places | (1 << own);
  joined.set([all >> 8, all & 255]);
  return joined;
}

function countOnes(bits: number): number {
  let count = 0;
  for (let rest = bits; rest; rest >>= 1) count += rest & 1;
  return count;
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
    if (slot(path, at) !== slot(other.path, at)) {
      throw new Malformed("the other key does not stand in this place");
    }
  }
  return hashTagged("state/leaf", other.path, other.valueHash);
}

/** Which child of a node at a depth a path leads to. */
function slot(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1] as number;
  return depth & 1 ? byte & 15 : byte >> 4;
}
