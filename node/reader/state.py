"""The state trees as they are stored.

Two nodes of the chain can be compared by these alone: equal hashes stand for equal subtrees.
"""

from dataclasses import dataclass

from chain.scalars import Hash
from chain.state_node import StateInner, StateLeaf
from chain.state_walk import read_node
from node.replica import keys
from node.replica.ports import Column, Store
from node.replica.stored_tree import StoredTree


@dataclass(frozen=True, slots=True)
class StoredNode:
    """A node of a state tree; `key` and `value` are those of a leaf, None for an inner node.

    A value that is not kept any more is None, too.
    """

    node: StateLeaf | StateInner
    key: bytes | None
    value: bytes | None = None


class StateReader:
    """Reads tree nodes; safe from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tree = StoredTree(store)

    def node(self, node: Hash) -> StoredNode | None:
        """Give a node of the state tree of any height that is kept, or None.

        Raises: Corruption: VT-1308, the bytes on disk are no node.
        """
        data = self._tree.node(node)
        if data is None:
            return None
        decoded = read_node(node, lambda _: data)
        found = self._tree.birth_and_key(node) if isinstance(decoded, StateLeaf) else None
        if found is None:
            return StoredNode(decoded, None)
        birth, key = found
        return StoredNode(decoded, key, self._store.get(Column.HISTORY, keys.history(key, birth)))
