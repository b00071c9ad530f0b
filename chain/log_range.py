"""A stretch of the transaction log that proves itself: some ids, and the subtrees on both sides.

The ids lie between full subtrees that cover all that is before and all that is after. Folding the
three gives the log's root, whose tree has but one shape for its size; so each id has its place.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.errors import InvalidInput
from chain.merkle import (
    PATH_LENGTH_MAX,
    Frontier,
    NodeIndex,
    ReadNode,
    append,
    leaf_hash,
    node_hash,
)
from chain.scalars import CountField, Hash, HashField

IDS_PER_RANGE_MAX: Final = 8_192

Roots = Annotated[tuple[HashField, ...], Meta(max_length=PATH_LENGTH_MAX)]


class LogRange(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Ids of the log from number `first` on.

    `left` are the roots of the full subtrees before them, the largest first; `right` those of the
    full subtrees that cover the rest, in order.
    """

    first: CountField
    ids: Annotated[tuple[HashField, ...], Meta(max_length=IDS_PER_RANGE_MAX)]
    left: Roots
    right: Annotated[tuple[HashField, ...], Meta(max_length=2 * PATH_LENGTH_MAX)]


def build_log_range(first: int, ids: Sequence[Hash], size: int, read: ReadNode) -> LogRange:
    """Prove that `ids` stand in the log of `size` from number `first` on.

    Raises: whatever `read` raises for a node that is not stored.
    """
    left = tuple(read(*node) for node in name_roots(first))
    right = tuple(read(*node) for node in _cover(first + len(ids), size))
    return LogRange(first, tuple(ids), left, right)


def check_log_range(found: LogRange, size: int, root: Hash) -> Frontier:
    """Check a stretch against the log's size and root, which a header gives.

    Returns: the frontier of the log up to and with these ids.
    Raises: InvalidInput: VT-1307, with the reason.
    """
    end = found.first + len(found.ids)
    if end > size:
        raise InvalidInput("VT-1307", reason=f"the log has {size} ids, the range ends at {end}")
    if len(found.left) != found.first.bit_count():
        raise InvalidInput("VT-1307", reason="the subtrees before the range do not cover the log")
    rest = _cover(end, size)
    if len(found.right) != len(rest):
        raise InvalidInput("VT-1307", reason="the subtrees after the range do not cover the log")
    frontier, _ = append(Frontier(found.first, found.left), [leaf_hash(id_) for id_ in found.ids])
    whole = frontier
    for (level, _), node in zip(rest, found.right, strict=True):
        whole = _append_subtree(whole, level, node)
    if whole.root != root:
        raise InvalidInput(
            "VT-1307", reason=f"the range leads to root {whole.root.hex()}, not to {root.hex()}"
        )
    return frontier


def name_roots(size: int) -> list[NodeIndex]:
    """Name the full subtrees in the frontier of a log of `size`, the largest first."""
    levels = range(size.bit_length() - 1, -1, -1)
    return [(level, (size >> level) - 1) for level in levels if size >> level & 1]


def _cover(start: int, end: int) -> list[NodeIndex]:
    """Name full subtrees that cover leaves `start` to `end`, in order, as few as there can be."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _append_subtree(frontier: Frontier, level: int, node: Hash) -> Frontier:
    """Append a full subtree to a log whose size is a multiple of the subtree's."""
    size = frontier.size + (1 << level)
    roots = list(frontier.roots)
    while frontier.size >> level & 1:
        node = node_hash(roots.pop(), node)
        level += 1
    return Frontier(size, (*roots, node))
