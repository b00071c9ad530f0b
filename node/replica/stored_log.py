"""How the log of transactions stands on disk: a row holds neighbours that were completed together.

The key of a row names its first full subtree; the row is the root of that one and of those to the
right of it, up to the next multiple of `ROOTS_PER_ROW` at most. So a block of a thousand
transactions adds some twenty rows, where a row for each subtree would be two thousand. Such rows,
which older versions wrote, are read alike.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from chain.errors import Corruption
from chain.merkle import Completed
from chain.scalars import HASH_SIZE, Hash
from node.replica import keys
from node.replica.ports import Column, Put, Store

ROOTS_PER_ROW: Final = 256
"""A row stays within 8 KiB: a proof reads one for each root that it holds."""


class StoredLog:
    """Reads roots of full subtrees, and remembers the last row of each level."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[int, tuple[int, bytes]] = {}

    def find(self, level: int, index: int) -> Hash | None:
        """Give the root of a full subtree, or None when it is not stored."""
        first, row = self._rows.get(level, (0, b""))
        if not 0 <= index - first < len(row) // HASH_SIZE:
            first, row = self._rows[level] = self._read(level, index)
        at = (index - first) * HASH_SIZE
        return Hash(row[at : at + HASH_SIZE]) or None

    def root(self, level: int, index: int) -> Hash:
        """Give the root of a full subtree that must be there.

        Raises: Corruption: VT-6013, it is not.
        """
        root = self.find(level, index)
        if root is None:
            raise Corruption("VT-6013", level=level, index=index)
        return root

    def _read(self, level: int, index: int) -> tuple[int, bytes]:
        """Read the row that holds a root, with the index of its first; an empty one for none."""
        start = keys.log_node(level, index - index % ROOTS_PER_ROW)
        stop = keys.log_node(level, index + 1)
        for key, row in self._store.range(Column.LOG, start, stop, reverse=True):
            first = keys.index_of_log_node(key)
            if index - first < len(row) // HASH_SIZE:
                return first, row
        return index, b""


def log_puts(completed: Iterable[Completed]) -> Iterator[Put]:
    """Give the rows for subtrees that were completed."""
    for level, first, roots in completed:
        offset = 0
        while offset < len(roots):
            index = first + offset
            stop = offset + ROOTS_PER_ROW - index % ROOTS_PER_ROW
            row = b"".join(roots[offset:stop])
            yield Put(Column.LOG, keys.log_node(level, index), row)
            offset = stop


def rows_passed(store: Store, before: int, size: int) -> Iterator[bytes]:
    """Name the rows that a log of `before` leaves needed to go on, and one of `size` does not."""
    for level in range(size.bit_length()):
        stop = _needed_from(size, level)
        rows = _rows(store, level, _needed_from(before, level), stop)
        yield from (key for key, last in rows if last < stop)


def rows_needed(store: Store, size: int) -> Iterator[bytes]:
    """Name the rows that a log of `size` leaves, and nothing after it, needs to go on."""
    for level in range(size.bit_length()):
        yield from (key for key, _ in _rows(store, level, _needed_from(size, level), size >> level))


def rows_beyond(store: Store, size: int, end: int) -> Iterator[bytes]:
    """Name the rows of a log of `end` leaves that hold any of what follows the first `size`."""
    for level in range(end.bit_length()):
        yield from (key for key, _ in _rows(store, level, size >> level, end >> level))


def _needed_from(size: int, level: int) -> int:
    """Give the first subtree of a level that a log of `size` leaves needs to go on."""
    return size >> level & ~1


def _rows(store: Store, level: int, first: int, stop: int) -> Iterator[tuple[bytes, int]]:
    """Give the rows that hold any subtree from `first` up to `stop`: key, and index of the last."""
    if first >= stop:
        return
    start = keys.log_node(level, first - first % ROOTS_PER_ROW)
    for key, row in store.range(Column.LOG, start, keys.log_node(level, stop)):
        last = keys.index_of_log_node(key) + len(row) // HASH_SIZE - 1
        if last >= first:
            yield key, last
