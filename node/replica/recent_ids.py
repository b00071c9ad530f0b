"""Which ids blocks of the expiry window may hold, in memory: nearly all are asked for in vain.

Bloom filters side by side. Each, a piece, holds the ids of some heights, and goes once all of them
are out of the window; a byte of the table has a bit of each. A filter errs on one side only: who
hears that an id may be there asks the store, who hears that it is not may rely on it. Source:
B. Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors, 1970.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Final

from chain.scalars import Hash, Height
from node.replica.past import load_ids
from node.replica.ports import Store

PIECE_IDS_MAX: Final = 1 << 19
"""With so many ids in a piece one in 200 others looks as if it were among them."""
PIECES_MAX: Final = 8
"""4.2 million ids. A window of more is not remembered: then the store is asked for each."""
OLDER_IDS: Final = 4_096
"""So many ids of before the start are read with each new block, in some milliseconds."""
OLDER_BLOCKS: Final = 64
"""Of so many blocks at most, as some hold nothing."""
NOWHERE: Final = Height(-1)
"""No chain has this head: whoever stands there is asked about others, and denies nothing."""
_SLACK: Final = 2
_PLACES: Final = 1 << 23
_MASK: Final = _PLACES - 1
_SLICE: Final = 1 << 16
_places_of: Final = Struct(">3I").unpack_from
"""An id is a hash, so its own bytes are as good as any hash of it."""


@dataclass(slots=True)
class _Piece:
    """Holds the ids of some heights up to `last`: each sets `bit` at its places in the table."""

    bit: int
    last: Height
    count: int = 0


class RecentIds:
    """Remembers the ids of the newest blocks.

    Args: store: of the chain; window_blocks: an id of an older block need not be known; head: where
    the store stands.
    """

    def __init__(self, store: Store, window_blocks: int, head: Height = NOWHERE) -> None:
        self._store = store
        self._window_blocks = window_blocks + _SLACK
        self._table = bytearray(_PLACES)
        """Takes 8 MiB. All pieces are asked with one look, however many there are."""
        self._pieces: deque[_Piece] = deque()
        self._head = NOWHERE
        self._lowest = Height(0)
        """Of all heights from here up to the head the ids are remembered."""
        self._is_whole = False
        """All that need be known are."""
        self.begin(head)

    def begin(self, head: Height) -> None:
        """Stand at a head whose blocks are in the store, and remember none of them yet."""
        if self._pieces:
            self._clear(0xFF)
        self._pieces.clear()
        self._head = head
        self._lowest = Height(head + 1)
        self._look()

    def follow(self, height: Height, ids: Iterable[Hash]) -> None:
        """Remember the ids of the block that came after the head, and of some older ones."""
        if height != self._head + 1:
            self.begin(Height(height - 1))
        self._is_whole = False
        self._head = height
        self._add(height, ids)
        self._read_older()
        self._forget()
        self._look()

    def may_hold(self, id_: Hash, head: Height) -> bool:
        """Tell whether a block of the window up to `head` may hold an id; False is certain."""
        if head != self._head or not self._is_whole:
            return True
        first, second, third = _places_of(id_)
        table = self._table
        # A place is far from the next, so each look waits for memory: most need one or two.
        found: int = table[first & _MASK]
        if found:
            found &= table[second & _MASK]
        if found:
            found &= table[third & _MASK]
        return found != 0

    @property
    def _needed(self) -> Height:
        """From which height on ids have to be known."""
        return Height(max(1, self._head + 1 - self._window_blocks))

    def _look(self) -> None:
        self._is_whole = self._lowest <= self._needed

    def _add(self, height: Height, ids: Iterable[Hash]) -> None:
        if not self._pieces or self._pieces[-1].count >= PIECE_IDS_MAX:
            self._begin_piece()
        piece, table = self._pieces[-1], self._table
        bit, count = piece.bit, 0
        for id_ in ids:
            count += 1
            first, second, third = _places_of(id_)
            table[first & _MASK] |= bit
            table[second & _MASK] |= bit
            table[third & _MASK] |= bit
        piece.count += count
        piece.last = max(piece.last, height)

    def _begin_piece(self) -> None:
        if len(self._pieces) == PIECES_MAX:
            self._forget_piece()
        used = {piece.bit for piece in self._pieces}
        bit = next(1 << number for number in range(PIECES_MAX) if 1 << number not in used)
        self._pieces.append(_Piece(bit, Height(0)))

    def _forget_piece(self) -> None:
        """Forget the oldest ids: some milliseconds, once in half a million."""
        gone = self._pieces.popleft()
        self._lowest = Height(max(self._lowest, gone.last + 1))
        self._clear(gone.bit)

    def _clear(self, bits: int) -> None:
        """Clear bits at all places, by slices: a second table would take as much as this one."""
        table, kept = self._table, bytes(value & ~bits for value in range(256))
        for start in range(0, len(table), _SLICE):
            table[start : start + _SLICE] = table[start : start + _SLICE].translate(kept)

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
            self._forget_piece()
