"""The committed state as blocks read it, with values that were read or written lately in memory."""

from itertools import islice
from typing import Final

from chain.scalars import Hash
from contracts.state import StateView

CACHED_BYTES_MAX: Final = 128 << 20
"""Room for 100,000 twins with what a contract keeps of each; half of it was too little for them."""
_OVERHEAD_BYTES: Final = 192
"""What Python takes for a key and a value besides their bytes."""
_FORGOTTEN_STEP: Final = 8
"""When there is too much in memory, every eighth value is forgotten, whatever its age.

Machines report in turn, so the value that was not used for longest is the next to be asked for:
were the oldest forgotten, a little too many twins would find none of theirs.
"""
_FOLLOWED_MAX: Final = 8

Writes = dict[bytes, bytes | None]


class CachedState:
    """Values of the state at one root, in front of the store.

    A root stands for one set of keys and values, whichever way led there. So what is in memory is
    right as long as the store stands at the root that it was read at, and a block's writes lead
    from there to the root in its header. When the store stands anywhere else, all is forgotten.

    Args: view: what the store holds; size_bytes_max: most memory that the values take, about.
    """

    def __init__(self, view: StateView, size_bytes_max: int = CACHED_BYTES_MAX) -> None:
        self._view = view
        self._size_bytes_max = size_bytes_max
        self._size_bytes = 0
        self._values: dict[bytes, bytes] = {}
        self._root: Hash | None = None
        self._followed: dict[Hash, Writes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Give the value under `key`, or None when there is none."""
        value = self._values.get(key)
        if value is None:
            value = self._view.get(key)
            if value is not None:
                self._put(key, value)
        return value

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Give at most `limit` pairs with start <= key < stop, in key order."""
        return self._view.range(start, stop, limit)

    def stand_at(self, root: Hash) -> None:
        """Say at which root the store stands now; call it before reading."""
        if root == self._root:
            return
        writes = self._followed.get(root)
        if writes is None:
            self.forget()
        else:
            self._apply(writes)
        self._followed.clear()
        self._root = root

    def forget(self) -> None:
        """Forget all: whatever is asked for next is read from the store."""
        self._values.clear()
        self._size_bytes = 0
        self._followed.clear()
        self._root = None

    def follow(self, root: Hash, writes: Writes) -> None:
        """Note that `writes`, on top of what the store holds now, lead to `root`.

        The store may come to stand there, or at the root of another block, or stay.
        """
        if root == self._root:
            return
        if len(self._followed) >= _FOLLOWED_MAX:
            del self._followed[next(iter(self._followed))]
        self._followed[root] = writes

    def _apply(self, writes: Writes) -> None:
        values = self._values
        for key, value in writes.items():
            before = values.get(key)
            if value is None:
                if before is not None:
                    self._forget(key, before)
            elif before is None:
                self._put(key, value)
            else:
                values[key] = value
                self._size_bytes += len(value) - len(before)
        self._trim()

    def _put(self, key: bytes, value: bytes) -> None:
        self._values[key] = value
        self._size_bytes += len(key) + len(value) + _OVERHEAD_BYTES
        self._trim()

    def _trim(self) -> None:
        while self._size_bytes > self._size_bytes_max:
            for one, old in list(islice(self._values.items(), 0, None, _FORGOTTEN_STEP)):
                self._forget(one, old)

    def _forget(self, key: bytes, value: bytes) -> None:
        del self._values[key]
        self._size_bytes -= len(key) + len(value) + _OVERHEAD_BYTES
