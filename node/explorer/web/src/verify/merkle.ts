/** The Merkle tree of RFC 9162 over SHA-256. */

import { type Bytes, Malformed, concat } from "./bytes";
import { sha256 } from "./hashing";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash leaf data (RFC 9162, section 2.1.1). */
export function leafHash(data: Uint8Array): Bytes {
  return sha256(concat(LEAF, data));
}

/** Hash two children (RFC 9162, section 2.1.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return sha256(concat(NODE, left, right));
}

/** Compute the root over leaf hashes; the root of nothing is SHA-256 of nothing. */
export function rootOfHashes(leaves: readonly Bytes[]): Bytes {
  let level = leaves;
  if (level.length === 0) return sha256(new Uint8Array());
  while (level.length > 1) {
    const above: Bytes[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Bytes;
      const right = level[i + 1];
      above.push(right === undefined ? left : nodeHash(left, right));
    }
    level = above;
  }
  return level[0] as Bytes;
}

/**
 * Compute the root that an inclusion path leads to (RFC 9162, section 2.1.3.2).
 *
 * Throws when the path has not exactly the length that `index` and `size` ask for.
 */
export function rootFromPath(
  leaf: Bytes,
  index: number,
  size: number,
  path: readonly Bytes[],
): Bytes {
  if (!(index >= 0 && index < size)) throw new Malformed(`position ${index} is not among ${size} leaves`);
  let [node, last, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) throw new Malformed("the inclusion path is too long");
    if (node % 2 === 1 || node === last) {
      root = nodeHash(sibling, root);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      root = nodeHash(root, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  if (last !== 0) throw new Malformed("the inclusion path is too short");
  return root;
}
