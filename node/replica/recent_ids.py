"""Which ids blocks of the expiry window may hold, in memory: nearly all are asked for in vain.

A Bloom filter in pieces. A piece holds the ids of some heights, and goes once all of them are out
of the window. A filter errs on one side only: who hears that an id may be there asks the
store, who hears that it is not may rely on it. Source: B. Bloom, Space/Time Trade-offs in Hash
Coding with Allowable Errors, 1970.
"""

from collections import deque
from collections.abc import Iterable
from struct import Struct
from typing import Final

from chain.scalars import Hash, Height
from node.replica.past import load_ids
from node.replica.ports import Store

PIECE_IDS_MAX: Final = 1 << 19
"""A piece takes a megabyte; with so many ids one in 200 others looks as if it were among them."""
PIECES_MAX: Final = 8
"""4.2 million ids. A window of more is not remembered: then the store is asked for each."""
OLDER_IDS: Final = 4_096
"""So many ids of before the start are read with each new block, in some milliseconds."""
OLDER_BLOCKS: Final = 64
"""Of so many blocks at most, as some hold nothing."""
NOWHERE: Final = Height(-1)
"""No chain has this head: whoever stands there is asked about others, and denies nothing."""
_SLACK: Final = 2
_PIECE_BYTES: Final = 1 << 20
_MASK: Final = _PIECE_BYTES - 1
_places: Final = Struct(">3I").unpack_from
"""An id is a hash, so its own bytes are as good as any hash of it."""


class _Piece:
    """The ids of the heights up to `last`, as bits."""

    __slots__ = ("bits", "count", "last")

    def __init__(self) -> None:
        self.bits = bytearray(_PIECE_BYTES)
        self.count = 0
        self.last = Height(0)

    def add(self, ids: Iterable[Hash], height: Height) -> None:
        bits = self.bits
        for id_ in ids:
            self.count += 1
            for place in _places(id_):
                bits[place >> 3 & _MASK] |= 1 << (place & 7)
        self.last = max(self.last, height)

    def may_hold(self, id_: Hash) -> bool:
        bits = self.bits
        first, second, third = _places(id_)
        return bool(
            bits[first >> 3 & _MASK] >> (first & 7) & 1
            and bits[second >> 3 & _MASK] >> (second & 7) & 1
            and bits[third >> 3 & _MASK] >> (third & 7) & 1
        )


class RecentIds:
    """Remembers the ids of the newest blocks.

    Args: store: of the chain; window_blocks: an id of an older block need not be known; head: where
    the store stands.
    """

    def __init__(self, store: Store, window_blocks: int, head: Height = NOWHERE) -> None:
        self._store = store
        self._window_blocks = window_blocks + _SLACK
        self._pieces: deque[_Piece] = deque()
        self._head = NOWHERE
        self._lowest = Height(0)
        """Of all heights from here up to the head the ids are remembered."""
        self.begin(head)

    def begin(self, head: Height) -> None:
        """Stand at a head whose blocks are in the store, and remember none of them yet."""
        self._pieces.clear()
        self._head = head
        self._lowest = Height(head + 1)

    def follow(self, height: Height, ids: Iterable[Hash]) -> None:
        """Remember the ids of the block that came after the head, and of some older ones."""
        if height != self._head + 1:
            self.begin(Height(height - 1))
        self._head = height
        self._add(height, ids)
        self._read_older()
        self._forget()

    def may_hold(self, id_: Hash, head: Height) -> bool:
        """Tell whether a block of the window up to `head` may hold an id; False is certain."""
        if head != self._head or self._lowest > self._needed:
            return True
        return any(piece.may_hold(id_) for piece in self._pieces)

    @property
    def _needed(self) -> Height:
        """From which height on ids have to be known."""
        return Height(max(1, self._head + 1 - self._window_blocks))

    def _add(self, height: Height, ids: Iterable[Hash]) -> None:
        if not self._pieces or self._pieces[-1].count >= PIECE_IDS_MAX:
            self._pieces.append(_Piece())
        self._pieces[-1].add(ids, height)

    def _read_older(self) -> None:
        read = 0
        for _ in range(OLDER_BLOCKS):
            height = Height(self._lowest - 1)
            if height < self._needed or read >= OLDER_IDS or len(self._pieces) >= PIECES_MAX:
                return
            ids = load_ids(self._store, height)
            if ids is None:
                return
            self._add(height, ids)
            self._lowest = height
            read += len(ids)

    def _forget(self) -> None:
        while self._pieces and self._pieces[0].last < self._needed:
            self._pieces.popleft()
        while len(self._pieces) > PIECES_MAX:
            gone = self._pieces.popleft()
            self._lowest = Height(max(self._lowest, gone.last + 1))
