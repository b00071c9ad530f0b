"""The state tree: one root that stands for every key and value of the state.

A sparse Merkle tree over the hashes of the keys. A leaf sits at the shallowest depth where it is
alone, an empty subtree is `EMPTY_HASH`, and a subtree of one leaf is that leaf; so the root depends
on the set of keys and values alone, never on the order they came in. Nodes are stored under their
own hash and never change: a proof for any past root needs nothing but that root.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from chain.errors import Corruption, InvalidInput
from chain.hashing import EMPTY_HASH, tag_prefix
from chain.scalars import Hash, HashField

DEPTH_MAX: Final = 256
_LEAF_KIND: Final = b"\x00"
_INNER_KIND: Final = b"\x01"
_NODE_SIZE: Final = 65
_LENGTH: Final = (32).to_bytes(8, "big")
_KEY_PREFIX: Final = tag_prefix("state/key")
_VALUE_PREFIX: Final = tag_prefix("state/value")
_LEAF_PREFIX: Final = tag_prefix("state/leaf") + _LENGTH
_INNER_PREFIX: Final = tag_prefix("state/inner") + _LENGTH

ReadStateNode = Callable[[Hash], bytes | None]
"""Gives the stored bytes of a node by its hash, or None when there is no such node."""


class StateLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A leaf as a proof shows it: the hash of its key and the hash of its value."""

    path: HashField
    value_hash: HashField


class StateProof(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What shows that a key has a value, or that it has none.

    `siblings` go from the root's children down; `other` is the leaf that stands where the key
    would stand, None when that place is empty or holds the key itself.
    """

    siblings: Annotated[tuple[HashField, ...], Meta(max_length=DEPTH_MAX)]
    other: StateLeaf | None = None


class StateInner(NamedTuple):
    """The children of an inner node; `EMPTY_HASH` is an empty subtree."""

    left: Hash
    right: Hash


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


def hash_key(key: bytes) -> Hash:
    """Give the path of a key: hash_tagged("state/key", key)."""
    return Hash(sha256(_KEY_PREFIX + len(key).to_bytes(8, "big") + key).digest())


def hash_value(value: bytes) -> Hash:
    """Give the hash of a value: hash_tagged("state/value", value)."""
    return Hash(sha256(_VALUE_PREFIX + len(value).to_bytes(8, "big") + value).digest())


def hash_leaf(path: bytes, value_hash: bytes) -> Hash:
    """Give the hash of a leaf: hash_tagged("state/leaf", path, value_hash)."""
    return Hash(sha256(_LEAF_PREFIX + path + _LENGTH + value_hash).digest())


def hash_inner(left: bytes, right: bytes) -> Hash:
    """Give the hash of an inner node: hash_tagged("state/inner", left, right)."""
    return Hash(sha256(_INNER_PREFIX + left + _LENGTH + right).digest())


def update(root: Hash, writes: Mapping[bytes, bytes | None], read: ReadStateNode) -> TreeUpdate:
    """Write many keys at once.

    Args: root: of the present tree, `EMPTY_HASH` for the first; writes: the new value of each key,
    None to delete it; read: gives the nodes of the present tree.
    Raises: Corruption: VT-1308: a node of the present tree is missing or malformed.
    """
    if not writes:
        return TreeUpdate(root, ())
    return _Update(read).run(root, 0, writes)


def build_subtree(pairs: Mapping[bytes, bytes], depth: int) -> TreeUpdate:
    """Give the subtree that holds exactly these pairs; its root stands at `depth`.

    Args: pairs: keys whose paths agree in their first `depth` bits.
    """
    return _Update(lambda _: None).run(EMPTY_HASH, depth, pairs) if pairs else _NOTHING


def prove(root: Hash, key: bytes, read: ReadStateNode) -> StateProof:
    """Show that `key` has its value, or none, in the tree with this root.

    Raises: Corruption: VT-1308: a node is missing or malformed.
    """
    path = hash_key(key)
    bits = int.from_bytes(path, "big")
    siblings: list[Hash] = []
    node = root
    depth = 0
    while node != EMPTY_HASH:
        kind, first, second = _read_node(node, read)
        if kind == _LEAF_KIND:
            other = None if first == path else StateLeaf(first, second)
            return StateProof(tuple(siblings), other)
        is_right = bits >> (DEPTH_MAX - 1 - depth) & 1
        node, sibling = (second, first) if is_right else (first, second)
        siblings.append(sibling)
        depth += 1
    return StateProof(tuple(siblings))


def check_state_proof(root: Hash, key: bytes, value: bytes | None, proof: StateProof) -> None:
    """Check that under `root` the key has `value`, or no value when it is None.

    Raises: InvalidInput: VT-1307, with the reason.
    """
    path = hash_key(key)
    bits = int.from_bytes(path, "big")
    depth = len(proof.siblings)
    if depth > DEPTH_MAX:
        raise InvalidInput("VT-1307", reason=f"a path of {depth} steps is longer than 256")
    if value is not None:
        if proof.other is not None:
            raise InvalidInput("VT-1307", reason="the proof shows another key in this place")
        node = hash_leaf(path, hash_value(value))
    elif proof.other is None:
        node = EMPTY_HASH
    else:
        if proof.other.path == path:
            raise InvalidInput("VT-1307", reason="the proof shows the key itself, with a value")
        if (int.from_bytes(proof.other.path, "big") ^ bits) >> (DEPTH_MAX - depth):
            raise InvalidInput("VT-1307", reason="the other key does not stand in this place")
        node = hash_leaf(proof.other.path, proof.other.value_hash)
    bits >>= DEPTH_MAX - depth
    for sibling in reversed(proof.siblings):
        node = hash_inner(sibling, node) if bits & 1 else hash_inner(node, sibling)
        bits >>= 1
    if node != root:
        raise InvalidInput(
            "VT-1307", reason=f"the path leads to root {node.hex()}, not to {root.hex()}"
        )


def decode_node(data: bytes) -> StateLeaf | StateInner:
    """Read a node as it is stored.

    Raises: InvalidInput: VT-1307, the bytes are no node.
    """
    if len(data) != _NODE_SIZE or data[:1] not in (_LEAF_KIND, _INNER_KIND):
        raise InvalidInput("VT-1307", reason=f"the {len(data)} bytes are no node of a state tree")
    first, second = Hash(data[1:33]), Hash(data[33:])
    return StateLeaf(first, second) if data[:1] == _LEAF_KIND else StateInner(first, second)


def encode_inner(left: Hash, right: Hash) -> bytes:
    """Give the bytes of an inner node."""
    return _INNER_KIND + left + right


def hash_node(node: StateLeaf | StateInner) -> Hash:
    """Give the hash under which a node is stored."""
    if isinstance(node, StateLeaf):
        return hash_leaf(node.path, node.value_hash)
    return hash_inner(node.left, node.right)


def _read_node(node: Hash, read: ReadStateNode) -> tuple[bytes, Hash, Hash]:
    """Give (kind, left, right) of an inner node or (kind, path, value hash) of a leaf."""
    data = read(node)
    if data is None:
        raise Corruption("VT-1308", node=node, reason="it is missing")
    if len(data) != _NODE_SIZE or data[:1] not in (_LEAF_KIND, _INNER_KIND):
        raise Corruption("VT-1308", node=node, reason="it is malformed")
    return data[:1], Hash(data[1:33]), Hash(data[33:])


_Write = tuple[int, Hash]
"""A key's path as a number, and the hash of its new leaf; `EMPTY_HASH` deletes it."""


class _Update:
    """One walk: down the tree to the writes, then up with new hashes."""

    def __init__(self, read: ReadStateNode) -> None:
        self._read = read
        self._nodes: dict[Hash, bytes] = {}
        self._keys: dict[Hash, bytes] = {}
        self._stale: list[Hash] = []
        self._leaves: set[Hash] = set()
        """Every leaf that was met, so that `_is_leaf` seldom reads."""

    def run(self, root: Hash, depth: int, writes: Mapping[bytes, bytes | None]) -> TreeUpdate:
        """Apply the writes to the subtree `root` at `depth`; give the new one with its nodes."""
        changed = self._apply(root, depth, self._make_leaves(writes))
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
                self._nodes[leaf] = _LEAF_KIND + path + value_hash
                self._keys[leaf] = key
            made.append((int.from_bytes(path, "big"), leaf))
        self._leaves.update(self._nodes)
        made.sort()
        return made

    def _apply(self, node: Hash, depth: int, writes: list[_Write]) -> Hash:
        """Apply `writes` (sorted, at least one) to the subtree `node` at `depth`.

        It goes as deep as two paths agree: paths are hashes, so nobody makes that many bits.
        """
        if len(writes) == 1:
            return self._apply_one(node, depth, writes[0])
        left = right = EMPTY_HASH
        if node != EMPTY_HASH:
            kind, left, right = _read_node(node, self._read)
            if kind == _LEAF_KIND:
                writes = self._with_leaf(writes, int.from_bytes(left, "big"), node)
                node = left = right = EMPTY_HASH
        if node == EMPTY_HASH:
            writes = [write for write in writes if write[1] != EMPTY_HASH]
            if len(writes) < 2:
                return writes[0][1] if writes else EMPTY_HASH
        shift = DEPTH_MAX - 1 - depth
        middle = (writes[0][0] >> shift | 1) << shift
        cut = bisect_left(writes, (middle, b""))
        new_left = self._apply(left, depth + 1, writes[:cut]) if cut else left
        new_right = self._apply(right, depth + 1, writes[cut:]) if cut < len(writes) else right
        return self._join((node, left, right), new_left, new_right)

    def _apply_one(self, node: Hash, depth: int, write: _Write) -> Hash:
        """Apply one write: down inner nodes and up again; most of the work is on such ways."""
        path = write[0]
        shift = DEPTH_MAX - 1 - depth
        way: list[tuple[_Family, bool]] = []
        while node != EMPTY_HASH:
            kind, left, right = _read_node(node, self._read)
            if kind == _LEAF_KIND:
                break
            is_right = bool(path >> shift & 1)
            way.append(((node, left, right), is_right))
            node = right if is_right else left
            shift -= 1
        changed = self._replace(node, DEPTH_MAX - 1 - shift, write)
        for family, is_right in reversed(way):
            if is_right:
                changed = self._join(family, family[1], changed)
            else:
                changed = self._join(family, changed, family[2])
        return changed

    def _replace(self, node: Hash, depth: int, write: _Write) -> Hash:
        """Apply one write where there is a leaf or nothing."""
        if node == EMPTY_HASH:
            return write[1]
        path = int.from_bytes(_read_node(node, self._read)[1], "big")
        writes = self._with_leaf([write], path, node)
        kept = [one for one in writes if one[1] != EMPTY_HASH]
        if len(kept) < 2:
            return kept[0][1] if kept else EMPTY_HASH
        return self._apply(EMPTY_HASH, depth, kept)

    def _with_leaf(self, writes: list[_Write], path: int, leaf: Hash) -> list[_Write]:
        """Put a leaf that is already in the tree among the writes, unless they write it."""
        self._leaves.add(leaf)
        if leaf in self._nodes:
            # It is written with the value that it has.
            del self._nodes[leaf]
        index = bisect_left(writes, (path, b""))
        if index < len(writes) and writes[index][0] == path:
            if writes[index][1] != leaf:
                self._stale.append(leaf)
            return writes
        return [*writes[:index], (path, leaf), *writes[index:]]

    def _join(self, before: "_Family", left: Hash, right: Hash) -> Hash:
        """Join two children; `before` is what stood here and its children."""
        node, old_left, old_right = before
        if node != EMPTY_HASH:
            if left == old_left and right == old_right:
                return node
            self._stale.append(node)
        if right == EMPTY_HASH and (left == EMPTY_HASH or self._is_leaf(left)):
            return left
        if left == EMPTY_HASH and self._is_leaf(right):
            return right
        inner = hash_inner(left, right)
        self._nodes[inner] = _INNER_KIND + left + right
        return inner

    def _is_leaf(self, node: Hash) -> bool:
        if node in self._leaves:
            return True
        if node in self._nodes:
            return False
        return _read_node(node, self._read)[0] == _LEAF_KIND


_Family = tuple[Hash, Hash, Hash]
"""A node and its two children."""
