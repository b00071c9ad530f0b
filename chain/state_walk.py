"""Walking stored state trees: all leaves of one in order, and what two of them do not share."""

from collections.abc import Iterator
from typing import NamedTuple

from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_node import StateInner, StateLeaf, decode_node
from chain.state_tree import ReadStateNode, read_bytes


class TreeDifference(NamedTuple):
    """A node that one of two trees has alone."""

    hash: Hash
    node: StateLeaf | StateInner
    is_new: bool
    """It is in the second tree; else it is in the first."""


def read_node(node: Hash, read: ReadStateNode) -> StateLeaf | StateInner:
    """Read a node that must be there.

    Raises: Corruption: VT-1308, it is not, or the bytes are no node.
    """
    return decode_node(read_bytes(node, read))


def walk(root: Hash, read: ReadStateNode) -> Iterator[tuple[Hash, StateLeaf | StateInner]]:
    """Give every node under `root`, it included, parents first, leaves in order of their paths."""
    unseen = [root]
    while unseen:
        hash_ = unseen.pop()
        if hash_ == EMPTY_HASH:
            continue
        node = read_node(hash_, read)
        yield hash_, node
        if isinstance(node, StateInner):
            unseen += reversed(node.children)


def find_differences(old: Hash, new: Hash, read: ReadStateNode) -> Iterator[TreeDifference]:
    """Give all nodes that only one of two trees has, each once.

    Equal subtrees are not entered, so it costs what has changed. An inner node stands for one set
    of leaves at one depth: two that differ at one place are nowhere else in the other tree. A leaf
    may stand deeper in one tree than in the other.
    """
    unseen = [(old, new)]
    while unseen:
        first, second = unseen.pop()
        if first == second:
            continue
        one = None if first == EMPTY_HASH else read_node(first, read)
        two = None if second == EMPTY_HASH else read_node(second, read)
        if isinstance(one, StateInner) and isinstance(two, StateInner):
            yield TreeDifference(first, one, False)
            yield TreeDifference(second, two, True)
            unseen += reversed(tuple(zip(one.children, two.children, strict=True)))
        elif isinstance(two, StateInner):
            yield from _differ(first, second, read, is_new=True)
        else:
            yield from _differ(second, first, read, is_new=False)


def _differ(
    single: Hash, subtree: Hash, read: ReadStateNode, *, is_new: bool
) -> Iterator[TreeDifference]:
    """Compare a leaf, or nothing, with a whole subtree; `is_new` says whose the subtree is."""
    is_shared = False
    for hash_, node in walk(subtree, read):
        if hash_ == single:
            is_shared = True
        else:
            yield TreeDifference(hash_, node, is_new)
    if not is_shared and single != EMPTY_HASH:
        yield TreeDifference(single, read_node(single, read), not is_new)
