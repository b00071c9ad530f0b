"""How state trees stand on disk, and how a tree of any kept height leads to keys and values.

A record in `tree` is the node's bytes, then the height at which it was last written (8 bytes),
then, for a leaf, its key. The height tells a node that came back from one that is stale; the key
leads from a leaf to its value, so a subtree can be read out as pairs without any copy of the state.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from chain.errors import Corruption
from chain.scalars import Hash, Height, to_bytes
from chain.state_chunk import ReadPair
from chain.state_node import LEAF_KIND, LEAF_SIZE, StateLeaf, hash_value, is_node
from chain.state_tree import TreeUpdate
from node.replica import keys
from node.replica.ports import Column, Put, Store

_BIRTH_SIZE: Final = 8
CACHED_NODES_MAX: Final = 524_288
"""About 160 MiB; they hold the whole tree of some 400,000 keys."""
_FORGOTTEN_STEP: Final = 8
"""When there are too many nodes in memory, every eighth is forgotten; why: `cached_state`."""
STALE_PER_ROW: Final = 4_096
"""Hashes in one row of stale nodes: a row stays near 128 KiB."""


class StoredTree:
    """Reads the nodes of all kept state trees, and what they lead to."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def node(self, node: Hash) -> bytes | None:
        """Give the bytes of a node, or None when it is not stored."""
        record = self._store.get(Column.TREE, node)
        return None if record is None else record[: _node_size(record)]

    def birth_and_key(self, node: Hash) -> tuple[Height, bytes] | None:
        """Give when a node was last written and the key of a leaf (empty for an inner node)."""
        record = self._store.get(Column.TREE, node)
        if record is None:
            return None
        at = _node_size(record)
        key_at = at + _BIRTH_SIZE
        return Height(int.from_bytes(record[at:key_at], "big")), record[key_at:]

    def pairs_at(self, height: Height) -> ReadPair:
        """Give the reader of key and value of leaves in the tree of a kept height.

        The reader raises Corruption: VT-1308, when a leaf has no key or another value.
        """

        def read_pair(hash_: Hash, leaf: StateLeaf) -> tuple[bytes, bytes]:
            found = self.birth_and_key(hash_)
            if found is None:
                raise Corruption("VT-1308", node=hash_, reason="it is missing")
            birth, key = found
            # The leaf was written together with its value; looking there is faster than seeking.
            value = self._store.get(Column.HISTORY, keys.history(key, birth))
            if value is None or hash_value(value) != leaf.value_hash:
                value = read_state_at(self._store, key, height)
            if value is None or hash_value(value) != leaf.value_hash:
                raise Corruption("VT-1308", node=hash_, reason="its value is not stored")
            return key, value

        return read_pair


class CachedNodes:
    """Tree nodes in memory: those that were written or read lately, about `count_max` at most.

    A node stands under its own hash, so what is kept here is right for ever.
    """

    def __init__(self, tree: StoredTree, count_max: int = CACHED_NODES_MAX) -> None:
        self._tree = tree
        self._count_max = count_max
        self._nodes: dict[Hash, bytes] = {}

    @property
    def known(self) -> Mapping[Hash, bytes]:
        """Those in memory."""
        return self._nodes

    def node(self, node: Hash) -> bytes | None:
        """Give the bytes of a node, or None when it is not stored."""
        data = self._nodes.get(node)
        if data is None:
            data = self._tree.node(node)
            if data is not None and is_node(data):
                self._nodes[node] = data
        return data

    def follow(self, tree: TreeUpdate) -> None:
        """Keep nodes that will soon be read, and forget those that they take the place of.

        Who goes on from the tree before, because another block is decided, reads these again.
        """
        forget = self._nodes.pop
        for node in tree.stale:
            forget(node, None)
        self.add(tree.nodes)

    def add(self, nodes: Iterable[tuple[Hash, bytes]]) -> None:
        """Keep nodes."""
        self._nodes.update(nodes)
        while len(self._nodes) > self._count_max:
            for node in list(islice(self._nodes, 0, None, _FORGOTTEN_STEP)):
                del self._nodes[node]


def _node_size(record: bytes) -> int:
    """Give where the node ends in its record: only a leaf has a key."""
    return LEAF_SIZE if record[:1] == bytes([LEAF_KIND]) else len(record) - _BIRTH_SIZE


def read_state_at(store: Store, key: bytes, height: Height) -> bytes | None:
    """Give the value that a state key had after the block at `height`, or None."""
    start = keys.history(key, height)
    stop = keys.history_prefix(key) + b"\xff" * 9
    for _, value in store.range(Column.HISTORY, start, stop):
        return value or None  # an empty value says: deleted
    return None


def tree_puts(tree: TreeUpdate, height: Height) -> list[Put]:
    """Give what a block at `height` changes of the stored trees: new nodes, and stale ones."""
    column, birth, key_of = Column.TREE, to_bytes(height), dict(tree.keys).get
    puts = [Put(column, node, data + birth + key_of(node, b"")) for node, data in tree.nodes]
    puts.extend(stale_puts(tree.stale, height))
    return puts


def stale_puts(stale: Iterable[Hash], height: Height, first_part: int = 0) -> list[Put]:
    """Note which nodes the tree of `height` lacks and the one before has."""
    nodes = list(stale)
    starts = range(0, len(nodes), STALE_PER_ROW)
    return [
        Put(
            Column.INDEX,
            keys.stale_nodes(height, first_part + part),
            b"".join(nodes[start : start + STALE_PER_ROW]),
        )
        for part, start in enumerate(starts)
    ]


def encode_record(data: bytes, height: Height, key: bytes) -> bytes:
    """Give the record of a node that is written at `height`."""
    return data + to_bytes(height) + key
