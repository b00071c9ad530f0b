"""A chunk of the state: all keys and values under one prefix of paths, proved by its siblings.

A chunk holds everything in its subtree: the receiver builds the subtree from the pairs and goes up
with the siblings, and the root it comes to is that of a header under a certificate. So one chunk
can be checked without any other, and no pair can be left out, added or moved.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH
from chain.scalars import CountField, Hash
from chain.state_node import (
    DEPTH_MAX,
    STEP_BITS,
    WIDTH,
    SiblingsField,
    StateInner,
    StateLeaf,
    encode_inner,
    hash_inner,
    hash_key,
    join_siblings,
    list_siblings,
    siblings_of,
)
from chain.state_tree import ReadStateNode, TreeUpdate, build_subtree
from chain.state_walk import read_node, walk

CHUNK_DEPTH_MAX: Final = 13
"""A place below the root is a number of at most 53 bits, as all numbers on the wire are."""
CHUNK_SIZE_BYTES: Final = 256 << 10
"""What a chunk holds when there is more; one pair alone may be larger."""
PAIRS_PER_CHUNK_MAX: Final = 32_768

ReadPair = Callable[[Hash, StateLeaf], tuple[bytes, bytes]]
"""Gives key and value of a leaf, by its hash and itself."""


class Place(NamedTuple):
    """A subtree by its prefix: the first `depth` steps of its paths, of four bits each."""

    depth: int
    prefix: int

    def holds(self, path: int) -> bool:
        """Tell whether a path, as a number of 256 bits, begins with this prefix."""
        return path >> (DEPTH_MAX - self.depth) * STEP_BITS == self.prefix

    def ancestor(self, depth: int) -> "Place":
        """Give the place above at a smaller depth."""
        return Place(depth, self.prefix >> (self.depth - depth) * STEP_BITS)

    def child(self, slot: int) -> "Place":
        """Give the place of a child."""
        return Place(self.depth + 1, self.prefix << STEP_BITS | slot)

    @property
    def slot(self) -> int:
        """Which child of the node above it is."""
        return self.prefix & (WIDTH - 1)

    @property
    def exists(self) -> bool:
        """Whether the prefix is as short as its depth says."""
        return not self.prefix >> self.depth * STEP_BITS

    @property
    def share(self) -> int:
        """How much of all paths begins with the prefix; `WHOLE` at the root."""
        return WHOLE >> self.depth * STEP_BITS


WHOLE: Final = 1 << CHUNK_DEPTH_MAX * STEP_BITS
ROOT: Final = Place(0, 0)


class StateChunk(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All pairs (key, value) of one subtree in order of their paths, and all beside its way.

    `siblings` go from the root's children down, an entry for each of `depth` steps, as in a
    `StateProof`.
    """

    depth: Annotated[int, Meta(ge=0, le=CHUNK_DEPTH_MAX)]
    prefix: CountField
    siblings: Annotated[tuple[SiblingsField, ...], Meta(max_length=CHUNK_DEPTH_MAX)]
    pairs: Annotated[tuple[tuple[bytes, bytes], ...], Meta(max_length=PAIRS_PER_CHUNK_MAX)]

    @property
    def place(self) -> Place:
        """The subtree it is."""
        return Place(self.depth, self.prefix)

    @property
    def size_bytes(self) -> int:
        """What keys and values take."""
        return sum(len(key) + len(value) for key, value in self.pairs)

    def beside(self, above: int = 0) -> Iterator[Place]:
        """Give the subtrees beside the way from depth `above` down that hold something.

        The siblings were checked before.
        """
        for depth in range(above, self.depth):
            parent = self.place.ancestor(depth)
            yield from map(parent.child, list_siblings(self.siblings[depth]))


def check_chunk(root: Hash, chunk: StateChunk) -> TreeUpdate:
    """Check a chunk against a state root.

    Returns: the subtree, built anew.
    Raises: InvalidInput: VT-1307, with the reason.
    """
    place = chunk.place
    if len(chunk.siblings) != place.depth or not place.exists:
        raise InvalidInput("VT-1307", reason="the chunk's place does not fit its siblings")
    before = -1
    for key, _ in chunk.pairs:
        path = int.from_bytes(hash_key(key), "big")
        if not place.holds(path):
            raise InvalidInput("VT-1307", reason="the chunk holds a key of another place")
        if path <= before:
            raise InvalidInput("VT-1307", reason="the chunk's keys are not in order")
        before = path
    subtree = build_subtree(dict(chunk.pairs), place.depth)
    reached = subtree.root
    for node, _ in climb(place, subtree.root, chunk.siblings):
        reached = node
    if reached != root:
        raise InvalidInput(
            "VT-1307", reason=f"the chunk leads to root {reached.hex()}, not to {root.hex()}"
        )
    return subtree


def climb(place: Place, subtree: Hash, siblings: tuple[bytes, ...]) -> Iterator[tuple[Hash, bytes]]:
    """Give each node above a subtree as (hash, bytes), up to the root.

    Raises: InvalidInput: VT-1307, siblings are malformed, or hold the way's own place.
    """
    node = subtree
    for depth in range(place.depth, 0, -1):
        data = join_siblings(siblings[depth - 1], place.ancestor(depth).slot, node)
        node = hash_inner(data)
        yield node, data


def build_chunk(
    root: Hash,
    wanted: Place,
    read: ReadStateNode,
    read_pair: ReadPair,
    size_bytes: int,
) -> StateChunk | None:
    """Give the subtree at a place, or when it is larger than `size_bytes`, its first part.

    The first part is the largest subtree at the left end that fits; what is left over begins with
    its siblings. Returns None when the tree has no node at that place.
    """
    found = _descend(root, wanted, read)
    if found is None:
        return None
    node, siblings = found
    pairs: list[tuple[bytes, bytes]] = []
    paths: list[int] = []
    size = 0
    for hash_, leaf in walk(node, read):
        if isinstance(leaf, StateInner):
            continue
        pair = read_pair(hash_, leaf)
        path = int.from_bytes(leaf.path, "big")
        size += len(pair[0]) + len(pair[1])
        is_full = size > size_bytes or len(pairs) == PAIRS_PER_CHUNK_MAX
        if pairs and is_full and wanted.depth < CHUNK_DEPTH_MAX:
            shared = DEPTH_MAX - -(-(paths[0] ^ path).bit_length() // STEP_BITS)
            depth = min(shared + 1, CHUNK_DEPTH_MAX)
            part = Place(DEPTH_MAX, paths[0]).ancestor(depth)
            if part.holds(path):
                return build_chunk(root, part, read, read_pair, size_bytes)
            return _cut(root, part, read, pairs, paths)
        pairs.append(pair)
        paths.append(path)
    return StateChunk(*wanted, siblings, tuple(pairs))


def _cut(
    root: Hash,
    part: Place,
    read: ReadStateNode,
    pairs: list[tuple[bytes, bytes]],
    paths: list[int],
) -> StateChunk:
    """Give the chunk of a place all of whose pairs are among those that were read."""
    found = _descend(root, part, read)
    assert found is not None, "above two leaves there are inner nodes only"
    kept = (pair for pair, path in zip(pairs, paths, strict=True) if part.holds(path))
    return StateChunk(*part, found[1], tuple(kept))


def _descend(
    root: Hash, place: Place, read: ReadStateNode
) -> tuple[Hash, tuple[bytes, ...]] | None:
    """Give the node at a place and its siblings; None when the tree does not go down so far."""
    node, siblings = root, []
    for depth in range(1, place.depth + 1):
        if node == EMPTY_HASH:
            return None
        inner = read_node(node, read)
        if not isinstance(inner, StateInner):
            return None
        slot = place.ancestor(depth).slot
        siblings.append(siblings_of(encode_inner(inner.children), slot))
        node = inner.children[slot]
    return node, tuple(siblings)
