"""The one way into the replica: a bounded queue of events, and the thread that owns the replica.

Everything that decides runs in that thread; everything that waits runs in the event loop. A step
takes what has come in meanwhile, so disk writes are shared by many events under load. What a step
says leaves at its end, so votes, for which others wait, neither wait behind transactions, which
take long to check, nor share a step with them.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from chain.errors import Busy
from chain.scalars import NodeName
from node.replica.events import Event, FrameReceived, Submitted, is_first

SOURCE_EVENTS_MAX: Final = 16_384
SOURCE_BYTES_MAX: Final = 32 << 20
STEP_EVENTS_MAX: Final = 512
STEP_BYTES_MAX: Final = 64 << 10
"""With what goes over this a step ends: some 200 signatures."""

_CLIENTS: Final = None


@dataclass(slots=True)
class _Held:
    """What waits here of one source."""

    events: int = 0
    size_bytes: int = 0


class Inbox:
    """Events on their way to the replica, first come first; votes overtake all others.

    Votes may come in any order anyway, and so may the end of a pause between blocks. A proposal
    stays behind the transactions that were said before it, for it names them. While both wait, a
    step of votes and one of the others take turns.

    Used from the event loop only. `put` refuses when its source has too much waiting: each peer is
    a source, and all clients together are one, so neither a peer that floods nor a crowd of
    clients takes the place of another peer's votes. `put_urgent` is for the few events that must
    not be lost (peers coming and going, timers), whose number is bounded by their sources.
    """

    def __init__(
        self, events_max: int = SOURCE_EVENTS_MAX, bytes_max: int = SOURCE_BYTES_MAX
    ) -> None:
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._events: deque[Event] = deque()
        self._votes: deque[Event] = deque()
        self._is_turn_of_votes = True
        self._held: dict[NodeName | None, _Held] = {}
        self._is_filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events) + len(self._votes)

    def put(self, event: FrameReceived | Submitted) -> None:
        """Queue an event.

        Raises: Busy: VT-3003, its source has too much waiting.
        """
        source, size = _measure(event)
        held = self._held.get(source)
        if held is None:
            held = self._held[source] = _Held()
        if held.events >= self._events_max or held.size_bytes + size > self._bytes_max:
            raise Busy("VT-3003", waiting=held.events)
        held.events += 1
        held.size_bytes += size
        self.put_urgent(event)

    def put_urgent(self, event: Event) -> None:
        """Queue an event that must not be lost."""
        (self._votes if is_first(event) else self._events).append(event)
        self._is_filled.set()

    async def take(self) -> list[Event]:
        """Wait for events and give what one step handles: at most `STEP_EVENTS_MAX` of them."""
        await self._is_filled.wait()
        is_turn = self._is_turn_of_votes or not self._events
        queue = self._votes if self._votes and is_turn else self._events
        self._is_turn_of_votes = queue is self._events
        size_bytes = 0
        taken: list[Event] = []
        while queue and len(taken) < STEP_EVENTS_MAX and size_bytes < STEP_BYTES_MAX:
            event = queue.popleft()
            if isinstance(event, (FrameReceived, Submitted)):
                size_bytes += self._release(event)
            taken.append(event)
        if not len(self):
            self._is_filled.clear()
        return taken

    def _release(self, event: FrameReceived | Submitted) -> int:
        source, size = _measure(event)
        held = self._held[source]
        held.events -= 1
        held.size_bytes -= size
        if not held.events:
            del self._held[source]
        return size


def _measure(event: FrameReceived | Submitted) -> tuple[NodeName | None, int]:
    if isinstance(event, FrameReceived):
        return event.peer, len(event.frame)
    return _CLIENTS, len(event.raw)
