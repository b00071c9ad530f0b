"""Where two state trees part: the first leaf that is in one and not in the other.

Equal hashes stand for equal subtrees, so one way down is enough: two nodes for each step, and at
most 64 steps. The walk is a generator; whoever runs it fetches the nodes from wherever they are,
since a node is named by its own hash.
"""

from collections.abc import Generator
from dataclasses import dataclass

from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_node import DEPTH_MAX, WIDTH, StateInner, StateLeaf, hash_node, slot_of

Node = StateLeaf | StateInner


@dataclass(frozen=True, slots=True)
class LeafDifference:
    """The first place, in the order of paths, where two trees differ.

    `own` and `other` are hashes of the values there, None where a tree has no value.
    """

    path: Hash
    own: Hash | None
    other: Hash | None


def find_first_difference(
    own: Hash, other: Hash
) -> Generator[Hash, Node | None, LeafDifference | None]:
    """Walk down two trees by their roots; yields hashes of nodes that it wants to be sent.

    Returns: None when the trees are the same, or a node was not to be had (None was sent).
    """
    for depth in range(DEPTH_MAX + 1):
        if own == other:
            return None
        sides: list[Node | None] = []
        for wanted in (own, other):
            node = None if wanted == EMPTY_HASH else (yield wanted)
            if node is None and wanted != EMPTY_HASH:
                return None
            sides.append(node)
        one, two = sides
        if not isinstance(one, StateInner) and not isinstance(two, StateInner):
            return _compare_leaves(one, two)
        if depth == DEPTH_MAX:
            break  # No tree is so deep; somebody made it up.
        pairs = zip(_children(one, depth), _children(two, depth), strict=True)
        own, other = next((pair for pair in pairs if pair[0] != pair[1]), (own, own))
    return None


def _children(node: Node | None, depth: int) -> tuple[Hash, ...]:
    """Give the children of a node; a leaf stands in for the subtree on its way."""
    if isinstance(node, StateInner):
        return node.children
    children = [EMPTY_HASH] * WIDTH
    if node is not None:
        children[slot_of(int.from_bytes(node.path, "big"), depth)] = hash_node(node)
    return tuple(children)


def _compare_leaves(one: StateLeaf | None, two: StateLeaf | None) -> LeafDifference | None:
    first = min((leaf for leaf in (one, two) if leaf is not None), key=lambda leaf: leaf.path)
    own = one.value_hash if one is not None and one.path == first.path else None
    other = two.value_hash if two is not None and two.path == first.path else None
    return LeafDifference(first.path, own, other)
