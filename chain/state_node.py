"""Nodes of the state tree: how they are written, named and read.

A leaf stands for one key and its value. An inner node has up to sixteen children, one for each
value of the next four bits of a path. Both are stored under their own hash.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH, tag_prefix
from chain.scalars import HASH_SIZE, Hash, HashField

WIDTH: Final = 16
STEP_BITS: Final = 4
"""Each step down the tree takes so many bits of a path."""
DEPTH_MAX: Final = 64
LEAF_KIND: Final = 0
INNER_KIND: Final = 1
LEAF_SIZE: Final = 65
_HEAD_SIZE: Final = 3
"""An inner node's kind, and two bytes that say which children there are: bit n for child n."""
SIBLINGS_SIZE_MAX: Final = 2 + (WIDTH - 1) * HASH_SIZE

_LENGTH: Final = (32).to_bytes(8, "big")
_KEY_PREFIX: Final = tag_prefix("state/key")
_VALUE_PREFIX: Final = tag_prefix("state/value")
_LEAF_PREFIX: Final = tag_prefix("state/leaf") + _LENGTH
_INNER_PREFIXES: Final = tuple(
    tag_prefix("state/inner") + (2 + count * HASH_SIZE).to_bytes(8, "big")
    for count in range(WIDTH + 1)
)
"""What is hashed before an inner node of each number of children."""

_BITS: Final = {f"{slot:x}": (1 << slot, (1 << slot) - 1) for slot in range(WIDTH)}
"""For each step of a path in hex, the bit of that child and the bits of those before it."""

SiblingsField = Annotated[bytes, Meta(min_length=2, max_length=SIBLINGS_SIZE_MAX)]
"""The other children of an inner node on a way: which there are, as two bytes, and their hashes."""


class StateLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A leaf as a proof shows it: the hash of its key and the hash of its value."""

    path: HashField
    value_hash: HashField


class StateInner(NamedTuple):
    """An inner node by its sixteen children; `EMPTY_HASH` is an empty subtree."""

    children: tuple[Hash, ...]


def hash_key(key: bytes) -> Hash:
    """Give the path of a key: hash_tagged("state/key", key)."""
    return Hash(sha256(_KEY_PREFIX + len(key).to_bytes(8, "big") + key).digest())


def hash_value(value: bytes) -> Hash:
    """Give the hash of a value: hash_tagged("state/value", value)."""
    return Hash(sha256(_VALUE_PREFIX + len(value).to_bytes(8, "big") + value).digest())


def hash_leaf(path: bytes, value_hash: bytes) -> Hash:
    """Give the hash of a leaf: hash_tagged("state/leaf", path, value_hash)."""
    return Hash(sha256(_LEAF_PREFIX + path + _LENGTH + value_hash).digest())


def hash_inner(data: bytes) -> Hash:
    """Give the hash of an encoded inner node: hash_tagged("state/inner", all but its kind)."""
    return Hash(sha256(_INNER_PREFIXES[len(data) >> 5] + data[1:]).digest())


def hash_node(node: StateLeaf | StateInner) -> Hash:
    """Give the hash under which a node is stored."""
    if isinstance(node, StateLeaf):
        return hash_leaf(node.path, node.value_hash)
    return hash_inner(encode_inner(node.children))


def encode_leaf(path: bytes, value_hash: bytes) -> bytes:
    """Give the bytes of a leaf: its kind, path and value hash."""
    return b"\x00" + path + value_hash


def encode_inner(children: Sequence[Hash]) -> bytes:
    """Give the bytes of an inner node with these sixteen children.

    Returns: its kind; two bytes, the most significant first, whose bit n says that child n is
    there; the hashes of the children that are there, in their order.
    """
    bits = sum(1 << slot for slot, child in enumerate(children) if child != EMPTY_HASH)
    there = (child for child in children if child != EMPTY_HASH)
    return b"\x01" + bits.to_bytes(2, "big") + b"".join(there)


def decode_node(data: bytes) -> StateLeaf | StateInner:
    """Read a node as it is stored.

    Raises: InvalidInput: VT-1307, the bytes are no node.
    """
    if not is_node(data):
        raise _no_node(data)
    if data[0] == LEAF_KIND:
        return StateLeaf(Hash(data[1:33]), Hash(data[33:]))
    return StateInner(tuple(child_of(data, slot) for slot in range(WIDTH)))


def is_node(data: bytes) -> bool:
    """Tell whether bytes have the form of a node."""
    size = len(data)
    if size == LEAF_SIZE:
        return data[0] == LEAF_KIND
    if size <= _HEAD_SIZE or data[0] != INNER_KIND:
        return False
    return size == _HEAD_SIZE + ((data[1] << 8 | data[2]).bit_count() << 5)


def split_nodes(joined: bytes) -> list[bytes]:
    """Take apart nodes that stand one after the other.

    Raises: InvalidInput: VT-1307, some of the bytes are no node.
    """
    found = []
    at = 0
    while at < len(joined):
        is_leaf = joined[at] == LEAF_KIND
        bits = int.from_bytes(joined[at + 1 : at + _HEAD_SIZE], "big")
        size = LEAF_SIZE if is_leaf else _HEAD_SIZE + bits.bit_count() * HASH_SIZE
        node = joined[at : at + size]
        if not is_node(node):
            raise _no_node(node)
        found.append(node)
        at += size
    return found


def slot_of(path: int, depth: int) -> int:
    """Give which child of a node at `depth` a path leads to; paths are numbers of 256 bits."""
    return path >> (DEPTH_MAX - 1 - depth) * STEP_BITS & (WIDTH - 1)


def child_of(data: bytes, slot: int) -> Hash:
    """Give one child of an inner node; `EMPTY_HASH` when there is none."""
    bits = data[1] << 8 | data[2]
    if not bits >> slot & 1:
        return EMPTY_HASH
    at = _HEAD_SIZE + ((bits & ((1 << slot) - 1)).bit_count() << 5)
    return Hash(data[at : at + HASH_SIZE])


def place_of(data: bytes, step: str) -> int:
    """Give where in an inner node the hash of a child stands; 0 when there is no such child.

    Args: step: of a path in hex, one digit.
    """
    bit, below = _BITS[step]
    bits = data[1] << 8 | data[2]
    return _HEAD_SIZE + ((bits & below).bit_count() << 5) if bits & bit else 0


def with_children(data: bytes, children: Sequence[tuple[str, Hash]]) -> bytes:
    """Give an inner node with other children in some places, each named by a step in hex."""
    changed = bytearray(data)
    for step, child in children:
        at = place_of(data, step)
        if not at or child == EMPTY_HASH:
            break
        changed[at : at + HASH_SIZE] = child
    else:
        return bytes(changed)
    for step, child in children:
        data = with_child(data, int(step, WIDTH), child)
    return data


def with_child(data: bytes, slot: int, child: Hash) -> bytes:
    """Give an inner node with another child in one place; `EMPTY_HASH` leaves the place empty."""
    bits = data[1] << 8 | data[2]
    at = _HEAD_SIZE + ((bits & ((1 << slot) - 1)).bit_count() << 5)
    after = at + HASH_SIZE if bits >> slot & 1 else at
    if child == EMPTY_HASH:
        bits &= ~(1 << slot)
        return b"\x01" + bits.to_bytes(2, "big") + data[_HEAD_SIZE:at] + data[after:]
    if after > at:
        return data[:at] + child + data[after:]
    bits |= 1 << slot
    return b"\x01" + bits.to_bytes(2, "big") + data[_HEAD_SIZE:at] + child + data[at:]


def siblings_of(data: bytes, slot: int) -> bytes:
    """Give the other children of an inner node, as a proof shows them."""
    return with_child(data, slot, EMPTY_HASH)[1:]


def join_siblings(siblings: bytes, slot: int, child: Hash) -> bytes:
    """Give the inner node that a child and its siblings make.

    Raises: InvalidInput: VT-1307, the siblings are malformed, or hold the child's own place.
    """
    data = b"\x01" + siblings
    count = len(data) >> 5
    bits = int.from_bytes(siblings[:2], "big")
    if len(siblings) != 2 + count * HASH_SIZE or bits.bit_count() != count or bits >> slot & 1:
        raise InvalidInput("VT-1307", reason="the siblings of a step do not fit their places")
    return with_child(data, slot, child)


def list_siblings(siblings: bytes) -> list[int]:
    """Give the places of the children that `siblings` show; they were checked before."""
    bits = int.from_bytes(siblings[:2], "big")
    return [slot for slot in range(WIDTH) if bits >> slot & 1]


def _no_node(data: bytes) -> InvalidInput:
    return InvalidInput("VT-1307", reason=f"the {len(data)} bytes are no node of a state tree")
