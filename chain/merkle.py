"""The Merkle tree of RFC 9162: root, inclusion and consistency, over SHA-256.

Leaves and inner nodes are hashed with different first bytes, and an odd node is carried up, never
doubled. `Frontier` appends to a log of any length with only the roots of its full subtrees; each
node it completes is stored once, and proofs then read as many nodes as the tree is high.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Final, NamedTuple, cast

from msgspec import Meta, Struct

from chain.scalars import CountField, Hash, HashField

NodeIndex = tuple[int, int]
"""(level, index) of a full subtree: it covers leaves `index << level` to `(index + 1) << level`."""
ReadNode = Callable[[int, int], Hash]
"""Gives the stored hash of a full subtree by its level and index."""

PATH_LENGTH_MAX: Final = 64
"""Most hashes in an inclusion path: sizes stay under 2**53, so 53 would do."""


class Completed(NamedTuple):
    """Full subtrees of one level that were completed together: their roots, from `first` on."""

    level: int
    first: int
    roots: tuple[Hash, ...]


def leaf_hash(data: bytes) -> Hash:
    """Hash leaf data. Source: RFC 9162, section 2.1.1."""
    return Hash(sha256(b"\x00" + data).digest())


def hash_leaves(data: Iterable[bytes]) -> list[Hash]:
    """Hash many leaves; see `leaf_hash`."""
    return cast("list[Hash]", [sha256(b"\x00" + one).digest() for one in data])


def node_hash(left: Hash, right: Hash) -> Hash:
    """Hash two children. Source: RFC 9162, section 2.1.1."""
    return Hash(sha256(b"\x01" + left + right).digest())


def root_of_hashes(leaves: Sequence[Hash]) -> Hash:
    """Compute the root over leaf hashes; the root of nothing is SHA-256 of nothing.

    Source: RFC 9162, section 2.1.1.
    """
    if not leaves:
        return Hash(sha256(b"").digest())
    if len(leaves) == 1:
        return leaves[0]
    level = list(leaves)
    while len(level) > 1:
        paired = _hash_pairs(level)
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def _hash_pairs(level: list[Hash]) -> list[Hash]:
    """Hash each two neighbours; an odd last one is left out."""
    pairs = zip(level[::2], level[1::2], strict=False)
    return cast("list[Hash]", [sha256(b"\x01" + left + right).digest() for left, right in pairs])


class Frontier(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What must be kept of a log to append to it: its size and the roots of its full subtrees.

    `roots` holds one hash for each 1 in the binary form of `size`, the largest subtree first.
    """

    size: CountField = 0
    roots: Annotated[tuple[HashField, ...], Meta(max_length=PATH_LENGTH_MAX)] = ()

    def __post_init__(self) -> None:
        if len(self.roots) != self.size.bit_count():
            raise ValueError("a frontier has one root for each 1 in its size")

    @property
    def root(self) -> Hash:
        """The RFC 9162 root of the whole log."""
        return _fold(self.roots)


def append(frontier: Frontier, leaves: Sequence[Hash]) -> tuple[Frontier, list[Completed]]:
    """Append leaf hashes to a log.

    Returns: the new frontier, and every full subtree that was completed, level by level, the leaves
    themselves included as level 0; storage keeps each of them once and for ever.
    """
    size = frontier.size
    kept = list(frontier.roots)
    roots: list[Hash] = []
    completed: list[Completed] = []
    nodes = list(leaves)
    level = 0
    while nodes or kept:
        index = size >> level
        if nodes:
            completed.append(Completed(level, index, tuple(nodes)))
        if index & 1:
            # The log has a full subtree here: it is the left brother of the first new node.
            nodes.insert(0, kept.pop())
        if len(nodes) & 1:
            roots.append(nodes.pop())
        nodes = _hash_pairs(nodes)
        level += 1
    roots.reverse()
    return Frontier(size + len(leaves), tuple(roots)), completed


def index_completed(completed: Iterable[Completed]) -> dict[NodeIndex, Hash]:
    """Give the root of each completed subtree by its level and index."""
    return {
        (level, first + offset): root
        for level, first, roots in completed
        for offset, root in enumerate(roots)
    }


def prove_inclusion(leaves: Sequence[Hash], index: int) -> tuple[Hash, ...]:
    """Prove that `leaves[index]` is under `root_of_hashes(leaves)`.

    Args: leaves: leaf hashes, at least one; index: from 0.
    Returns: sibling hashes from leaf to root.
    Raises: IndexError: `index` is not in `leaves`.
    Source: RFC 9162, section 2.1.3.1.
    """
    return prove_inclusion_stored(index, len(leaves), _reader_of(leaves))


def prove_inclusion_stored(index: int, size: int, read: ReadNode) -> tuple[Hash, ...]:
    """Prove that leaf `index` is in the log of `size` leaves, from the nodes `append` gave.

    Args: size: of the log the proof is for; the stored log may have grown since.
    Returns: sibling hashes from leaf to root; about log2(size) nodes are read.
    Raises: IndexError: `index` is not in the log; and whatever `read` raises.
    Source: RFC 9162, section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a log of {size}")
    return _climb(0, index, size, read)


def verify_inclusion(leaf: Hash, index: int, size: int, path: Sequence[Hash], root: Hash) -> bool:
    """Tell whether `path` proves that `leaf` is number `index` of the `size` leaves under `root`.

    Source: RFC 9162, section 2.1.3.2.
    """
    return compute_root_from_path(leaf, index, size, path) == root


def compute_root_from_path(leaf: Hash, index: int, size: int, path: Sequence[Hash]) -> Hash | None:
    """Compute the root that an inclusion path leads to; None when the path has the wrong length.

    Different sizes may give the same root, so `size` must come from where the root comes from.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    node, last = index, size - 1
    root = leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        node >>= 1
        last >>= 1
    return root if last == 0 else None


def prove_consistency(leaves: Sequence[Hash], old_size: int) -> tuple[Hash, ...]:
    """Prove that the tree over the first `old_size` leaves is a beginning of that over all.

    Args: leaves: leaf hashes of the new tree; old_size: at least 1.
    Raises: IndexError: `old_size` is 0 or more than there are leaves.
    Source: RFC 9162, section 2.1.4.1.
    """
    return prove_consistency_stored(old_size, len(leaves), _reader_of(leaves))


def prove_consistency_stored(old_size: int, new_size: int, read: ReadNode) -> tuple[Hash, ...]:
    """Prove that the log of `old_size` is a beginning of that of `new_size`, from stored nodes.

    Raises: IndexError: `old_size` is 0 or more than `new_size`; and whatever `read` raises.
    Source: RFC 9162, section 2.1.4.1.
    """
    if not 0 < old_size <= new_size:
        raise IndexError(f"a log of {old_size} is not a proper beginning of one of {new_size}")
    if old_size == new_size:
        return ()
    level = (old_size & -old_size).bit_length() - 1
    index = (old_size >> level) - 1
    path = _climb(level, index, new_size, read)
    # With a full old tree the verifier has its root already.
    return path if index == 0 else (read(level, index), *path)


def verify_consistency(
    old_size: int, new_size: int, old_root: Hash, new_root: Hash, path: Sequence[Hash]
) -> bool:
    """Tell whether `path` proves that the old log is a beginning of the new one.

    An empty old log proves nothing and is refused.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    hashes = list(path)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old == old_root and new == new_root


def _climb(level: int, index: int, size: int, read: ReadNode) -> tuple[Hash, ...]:
    """Give the siblings on the way from a full subtree up to the root of the log of `size`."""
    path = []
    while index << level or size > 1 << level:
        sibling = index ^ 1
        if (sibling + 1) << level <= size:
            path.append(read(level, sibling))
        elif sibling << level < size:
            path.append(_fold([read(*node) for node in _cover(sibling << level, size)]))
        # Otherwise the node is the last and has no brother: it is carried up.
        index >>= 1
        level += 1
    return tuple(path)


def _cover(start: int, end: int) -> list[NodeIndex]:
    """Name the full subtrees that cover leaves `start` to `end`, largest first.

    `start` is a multiple of a power of two that is larger than the number of leaves.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _fold(roots: Sequence[Hash]) -> Hash:
    """Join the roots of full subtrees, largest first, to the root over all their leaves."""
    if not roots:
        return root_of_hashes(())
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root


def _reader_of(leaves: Sequence[Hash]) -> ReadNode:
    nodes = index_completed(append(Frontier(), leaves)[1])
    return lambda level, index: nodes[level, index]
