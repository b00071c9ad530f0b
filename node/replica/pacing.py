"""How soon a block follows a full one: a moment later, so that under load blocks fill.

A block costs every node a proposal, votes, a synced write and the upper nodes of the state tree,
however much it holds. After one that held little the next begins as soon as there is something to
order, so a lone transaction never waits. After a full one the next begins `PAUSE_MS` later at the
earliest, with what came in meanwhile. Who sees another's proposal takes part at once.
"""

from typing import Final

from chain.scalars import UnixMillis

FULL_COUNT: Final = 20
"""Transactions that make a block a full one: so many come in a pause at 500 a second."""
PAUSE_MS: Final = 40


class Pacing:
    """When this node may begin the next block."""

    def __init__(self) -> None:
        self._until_ms = UnixMillis(0)

    def committed(self, transactions: int, now_ms: UnixMillis) -> None:
        """A block that this node took part in is on disk."""
        pause_ms = PAUSE_MS if transactions >= FULL_COUNT else 0
        self._until_ms = UnixMillis(now_ms + pause_ms)

    def wait_ms(self, now_ms: UnixMillis) -> int:
        """Give how long to wait, `PAUSE_MS` at most even should the clock be set back."""
        return max(0, min(PAUSE_MS, self._until_ms - now_ms))
