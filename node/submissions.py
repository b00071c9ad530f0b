"""Transactions that clients hand in, and the answers they wait for, on the event loop."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from chain.errors import Busy, ChainError
from chain.scalars import Hash
from node.clock import now_ms
from node.inbox import Inbox
from node.metrics import Metrics
from node.replica.effects import Answer
from node.replica.events import Submitted, Ticket

Outcome = Hash | ChainError
"""The id of a transaction that waits for a block, or why it was refused."""


class _Request:
    """Transactions that were handed in together; `done` once each of them is answered."""

    def __init__(self, count: int) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.done: Final[asyncio.Future[None]] = asyncio.get_running_loop().create_future()
        self._count = count

    def answer(self, position: int, outcome: Outcome) -> None:
        """Note an answer."""
        self.outcomes[position] = outcome
        if len(self.outcomes) == self._count and not self.done.done():
            self.done.set_result(None)


class Submissions:
    """Brings transactions to the replica and its answers back.

    `is_closed`: nothing is taken in, for there is no room on the disk.
    """

    def __init__(self, inbox: Inbox, metrics: Metrics) -> None:
        self._inbox = inbox
        self._metrics = metrics
        self._tickets: dict[Ticket, tuple[_Request, int]] = {}
        self._next_ticket: Ticket = 0
        self.is_closed = False

    async def submit(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Hand in encoded transactions; give what became of each, in their order.

        Raises: Busy: VT-6004, nothing is taken in now.
        """
        if self.is_closed:
            raise Busy("VT-6004", path="the database")
        request = _Request(len(raws))
        first = self._next_ticket
        self._next_ticket += len(raws)
        try:
            for position, raw in enumerate(raws):
                self._tickets[first + position] = request, position
                try:
                    self._inbox.put(Submitted(first + position, raw, now_ms()))
                except Busy as error:
                    request.answer(position, error)
            if raws:
                await request.done
        finally:
            for ticket in range(first, first + len(raws)):
                self._tickets.pop(ticket, None)
        outcomes = [request.outcomes[position] for position in range(len(raws))]
        self._count(outcomes)
        return outcomes

    def answer(self, answer: Answer) -> None:
        """Take an answer of the replica; nobody may wait for it any more."""
        request, position = self._tickets.get(answer.ticket, (None, 0))
        outcome = answer.transaction if answer.error is None else answer.error
        if request is not None and outcome is not None:
            request.answer(position, outcome)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        names = Counter(one.code if isinstance(one, ChainError) else "accepted" for one in outcomes)
        for name, count in names.items():
            self._metrics.submissions.labels(outcome=name).inc(count)
