"""The state trees as they are stored.

Two nodes of the chain can be compared by these alone: equal hashes stand for equal subtrees.
"""

from dataclasses import dataclass

from chain.scalars import Hash
from chain.state_tree import StateInner, StateLeaf, decode_node
from node.replica.ports import Store
from node.replica.stored_tree import StoredTree


@dataclass(frozen=True, slots=True)
class StoredNode:
    """A node of a state tree; `key` is that of a leaf, None for an inner node."""

    node: StateLeaf | StateInner
    key: bytes | None


class StateReader:
    """Reads tree nodes; safe from several threads."""

    def __init__(self, store: Store) -> None:
        self._tree = StoredTree(store)

    def node(self, node: Hash) -> StoredNode | None:
        """Give a node of the state tree of any height that is kept, or None."""
        data = self._tree.node(node)
        if data is None:
            return None
        decoded = decode_node(data)
        found = self._tree.birth_and_key(node) if isinstance(decoded, StateLeaf) else None
        return StoredNode(decoded, None if found is None else found[1])
