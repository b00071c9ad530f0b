"""State that grows block by block, for chains that live in this process."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping


class GrowingState:
    """The committed state of a chain in memory; `write` commits a block.

    Args: pairs: what stands in it at first.
    """

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._pairs = dict(pairs)
        self._sorted = sorted(self._pairs)

    def get(self, key: bytes) -> bytes | None:
        """Give the value under `key`, or None when there is none."""
        return self._pairs.get(key)

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Give up to `limit` pairs with start <= key < stop, in ascending order of key."""
        first = bisect_left(self._sorted, start)
        last = min(bisect_left(self._sorted, stop), first + max(limit, 0))
        return [(key, self._pairs[key]) for key in self._sorted[first:last]]

    def write(self, writes: Mapping[bytes, bytes | None]) -> None:
        """Commit what a block wrote; None deletes."""
        for key, value in writes.items():
            is_known = key in self._pairs
            if value is not None:
                self._pairs[key] = value
                if not is_known:
                    insort(self._sorted, key)
            elif is_known:
                del self._pairs[key]
                del self._sorted[bisect_left(self._sorted, key)]

    def copy(self) -> "GrowingState":
        """Give a state that goes its own way from here."""
        return GrowingState(self._pairs.items())
