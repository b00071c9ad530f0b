"""The state tree: one root that stands for every key and value of the state.

A sparse Merkle tree over the hashes of the keys, sixteen ways at each step: on the way from a leaf
to the root a block hashes and stores a third of the nodes that two ways would take. A leaf sits at
the shallowest depth where it is alone, an empty subtree is `EMPTY_HASH`, and a subtree of one leaf
is that leaf; so the root depends on the set of keys and values alone, never on the order they came
in. Nodes are stored under their own hash and never change: a proof for any past root needs nothing
but that root.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.errors import Corruption, InvalidInput
from chain.hashing import EMPTY_HASH
from chain.scalars import HASH_SIZE, Hash
from chain.state_node import (
    DEPTH_MAX,
    LEAF_KIND,
    STEP_BITS,
    WIDTH,
    SiblingsField,
    StateLeaf,
    child_of,
    encode_inner,
    encode_leaf,
    hash_inner,
    hash_key,
    hash_leaf,
    hash_value,
    is_node,
    join_siblings,
    place_of,
    siblings_of,
    slot_of,
    with_child,
    with_children,
)

_PATH_BITS: Final = DEPTH_MAX * STEP_BITS
_TWO_CHILDREN_SIZE: Final = 3 + 2 * 32
_NO_CHILDREN: Final = encode_inner(())

ReadStateNode = Callable[[Hash], bytes | None]
"""Gives the stored bytes of a node by its hash, or None when there is no such node."""


class StateProof(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What shows that a key has a value, or that it has none.

    `siblings` go from the root's children down, one entry for each step: which other children the
    node there has, as two bytes, and their hashes (`state_node.siblings_of`). `other` is the leaf
    that stands where the key would stand, None when that place is empty or holds the key itself.
    """

    siblings: Annotated[tuple[SiblingsField, ...], Meta(max_length=DEPTH_MAX)]
    other: StateLeaf | None = None


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """A new root, and what the new tree and the old one do not share.

    `nodes` are those that the old tree did not have, as (hash, bytes); `keys` are the keys of the
    leaves among them, by the leaf's hash; `stale` are nodes of the old tree that the new one lacks.
    """

    root: Hash
    nodes: tuple[tuple[Hash, bytes], ...]
    keys: tuple[tuple[Hash, bytes], ...] = ()
    stale: tuple[Hash, ...] = ()


_NOTHING: Final = TreeUpdate(EMPTY_HASH, ())
_NONE_KNOWN: Final[Mapping[Hash, bytes]] = MappingProxyType({})


def update(
    root: Hash,
    writes: Mapping[bytes, bytes | None],
    read: ReadStateNode,
    known: Mapping[Hash, bytes] = _NONE_KNOWN,
) -> TreeUpdate:
    """Write many keys at once.

    Args: root: of the present tree, `EMPTY_HASH` for the first; writes: the new value of each key,
    None to delete it; read: gives the nodes of the present tree; known: nodes in memory, which are
    in order; they are not read.
    Raises: Corruption: VT-1308: a node of the present tree is missing or malformed.
    """
    if not writes:
        return TreeUpdate(root, ())
    return _Update(read, known).run(root, 0, writes)


def build_subtree(pairs: Mapping[bytes, bytes], depth: int) -> TreeUpdate:
    """Give the subtree that holds exactly these pairs; its root stands at `depth`.

    Args: pairs: keys whose paths agree in their first `depth` steps.
    """
    return _Update(lambda _: None, _NONE_KNOWN).run(EMPTY_HASH, depth, pairs) if pairs else _NOTHING


def prove(root: Hash, key: bytes, read: ReadStateNode) -> StateProof:
    """Show that `key` has its value, or none, in the tree with this root.

    Raises: Corruption: VT-1308: a node is missing or malformed.
    """
    path = hash_key(key)
    bits = int.from_bytes(path, "big")
    siblings: list[bytes] = []
    node = root
    while node != EMPTY_HASH:
        data = read_bytes(node, read)
        if data[0] == LEAF_KIND:
            leaf = StateLeaf(Hash(data[1:33]), Hash(data[33:]))
            return StateProof(tuple(siblings), None if leaf.path == path else leaf)
        slot = slot_of(bits, len(siblings))
        siblings.append(siblings_of(data, slot))
        node = child_of(data, slot)
    return StateProof(tuple(siblings))


def check_state_proof(root: Hash, key: bytes, value: bytes | None, proof: StateProof) -> None:
    """Check that under `root` the key has `value`, or no value when it is None.

    Raises: InvalidInput: VT-1307, with the reason.
    """
    path = hash_key(key)
    depth = len(proof.siblings)
    if depth > DEPTH_MAX:
        raise InvalidInput("VT-1307", reason=f"a path of {depth} steps is longer than {DEPTH_MAX}")
    bits = int.from_bytes(path, "big")
    if value is not None:
        if proof.other is not None:
            raise InvalidInput("VT-1307", reason="the proof shows another key in this place")
        node = hash_leaf(path, hash_value(value))
    elif proof.other is None:
        node = EMPTY_HASH
    else:
        if proof.other.path == path:
            raise InvalidInput("VT-1307", reason="the proof shows the key itself, with a value")
        if (int.from_bytes(proof.other.path, "big") ^ bits) >> (_PATH_BITS - depth * STEP_BITS):
            raise InvalidInput("VT-1307", reason="the other key does not stand in this place")
        node = hash_leaf(proof.other.path, proof.other.value_hash)
    for step in range(depth - 1, -1, -1):
        node = hash_inner(join_siblings(proof.siblings[step], slot_of(bits, step), node))
    if node != root:
        raise InvalidInput(
            "VT-1307", reason=f"the path leads to root {node.hex()}, not to {root.hex()}"
        )


def read_bytes(node: Hash, read: ReadStateNode) -> bytes:
    """Read the bytes of a node that must be there.

    Raises: Corruption: VT-1308, it is not, or the bytes are no node.
    """
    data = read(node)
    if data is not None and is_node(data):
        return data
    reason = "it is missing" if data is None else "it is malformed"
    raise Corruption("VT-1308", node=node, reason=reason)


_Write = tuple[str, Hash]
"""A key's path in hex, one digit a step, and the hash of its new leaf; `EMPTY_HASH` deletes it."""
_AFTER_DIGITS: Final = "g"
"""Comes after every digit of a path, so it ends the paths that begin alike."""


class _Update:
    """One walk: down the tree to the writes, then up with new hashes."""

    def __init__(self, read: ReadStateNode, known: Mapping[Hash, bytes]) -> None:
        self._read = read
        self._known = known
        self._nodes: dict[Hash, bytes] = {}
        self._keys: dict[Hash, bytes] = {}
        self._stale: list[Hash] = []

    def run(self, root: Hash, depth: int, writes: Mapping[bytes, bytes | None]) -> TreeUpdate:
        """Apply the writes to the subtree `root` at `depth`; give the new one with its nodes."""
        made = self._make_leaves(writes)
        changed = self._apply(root, depth, made, 0, len(made))
        keys = tuple((leaf, key) for leaf, key in self._keys.items() if leaf in self._nodes)
        return TreeUpdate(changed, tuple(self._nodes.items()), keys, tuple(self._stale))

    def _make_leaves(self, writes: Mapping[bytes, bytes | None]) -> list[_Write]:
        made = []
        for key, value in writes.items():
            path = hash_key(key)
            leaf = EMPTY_HASH
            if value is not None:
                value_hash = hash_value(value)
                leaf = hash_leaf(path, value_hash)
                self._nodes[leaf] = encode_leaf(path, value_hash)
                self._keys[leaf] = key
            made.append((path.hex(), leaf))
        made.sort()
        return made

    def _get(self, node: Hash) -> bytes:
        return self._known.get(node) or read_bytes(node, self._read)

    def _apply(self, node: Hash, depth: int, writes: list[_Write], first: int, stop: int) -> Hash:
        """Apply `writes[first:stop]` (sorted, at least one) to the subtree `node` at `depth`.

        It goes as deep as two paths agree: paths are hashes, so nobody makes that many digits.
        """
        if stop - first == 1:
            return self._apply_one(node, depth, writes[first])
        data = _NO_CHILDREN
        if node != EMPTY_HASH:
            data = self._get(node)
            if data[0] == LEAF_KIND:
                writes = self._with_leaf(writes[first:stop], data, node)
                first, stop = 0, len(writes)
                node, data = EMPTY_HASH, _NO_CHILDREN
        if node == EMPTY_HASH:
            writes = [write for write in writes[first:stop] if write[1] != EMPTY_HASH]
            first, stop = 0, len(writes)
            if stop < 2:
                return writes[0][1] if writes else EMPTY_HASH
        children = []
        while first < stop:
            path = writes[first][0]
            after = bisect_left(writes, (path[: depth + 1] + _AFTER_DIGITS,), first + 1, stop)
            at = place_of(data, path[depth])
            child = Hash(data[at : at + HASH_SIZE]) if at else EMPTY_HASH
            children.append((path[depth], self._apply(child, depth + 1, writes, first, after)))
            first = after
        return self._put_inner(node, data, with_children(data, children))

    def _apply_one(self, node: Hash, depth: int, write: _Write) -> Hash:
        """Apply one write: down inner nodes and up again; most of the work is on such ways."""
        path, child = write
        known = self._known
        way: list[tuple[Hash, bytes, int, int]] = []
        while node != EMPTY_HASH:
            data = known.get(node) or read_bytes(node, self._read)
            if data[0] == LEAF_KIND:
                child = self._replace(node, data, depth, write)
                break
            at = place_of(data, path[depth])
            way.append((node, data, depth, at))
            node = Hash(data[at : at + HASH_SIZE]) if at else EMPTY_HASH
            depth += 1
        for node, data, depth, at in reversed(way):
            if at and child != EMPTY_HASH and len(data) >= _TWO_CHILDREN_SIZE:
                # As `_put_inner`, for what nearly always is: one child takes the place of another.
                changed = data[:at] + child + data[at + HASH_SIZE :]
                if changed != data:
                    self._stale.append(node)
                    node = hash_inner(changed)
                    self._nodes[node] = changed
                child = node
            else:
                changed = with_child(data, int(path[depth], WIDTH), child)
                child = self._put_inner(node, data, changed)
        return child

    def _replace(self, leaf: Hash, data: bytes, depth: int, write: _Write) -> Hash:
        """Apply one write where there is a leaf."""
        if write[1] not in (leaf, EMPTY_HASH) and data[1:33].hex() == write[0]:
            self._stale.append(leaf)
            return write[1]
        kept = [one for one in self._with_leaf([write], data, leaf) if one[1] != EMPTY_HASH]
        if len(kept) < 2:
            return kept[0][1] if kept else EMPTY_HASH
        return self._apply(EMPTY_HASH, depth, kept, 0, len(kept))

    def _with_leaf(self, writes: list[_Write], data: bytes, leaf: Hash) -> list[_Write]:
        """Put a leaf that is already in the tree among the writes, unless they write it."""
        path = data[1:33].hex()
        if leaf in self._nodes:
            # It is written with the value that it has.
            del self._nodes[leaf]
        index = bisect_left(writes, (path,))
        if index < len(writes) and writes[index][0] == path:
            if writes[index][1] != leaf:
                self._stale.append(leaf)
            return writes
        return [*writes[:index], (path, leaf), *writes[index:]]

    def _put_inner(self, node: Hash, before: bytes, after: bytes) -> Hash:
        """Give what stands where `node` stood, once its children are others."""
        if node != EMPTY_HASH:
            if before == after:
                return node
            self._stale.append(node)
        if len(after) < _TWO_CHILDREN_SIZE:
            child = Hash(after[3:]) or EMPTY_HASH
            if child == EMPTY_HASH or self._is_leaf(child):
                return child
        inner = hash_inner(after)
        self._nodes[inner] = after
        return inner

    def _is_leaf(self, node: Hash) -> bool:
        if node in self._keys:
            return True
        return (self._nodes.get(node) or self._get(node))[0] == LEAF_KIND
