"""Clients that wait for word on whether what this node would answer is up to date."""

import asyncio
from collections.abc import Callable
from typing import Final

from chain.errors import Busy
from chain.scalars import Height
from node.clock import now_ms
from node.replica import effects, events

READS_MAX: Final = 1024


class Reads:
    """Asks the replica, and brings its answers to those who wait.

    Args: put: hands an event to the replica.
    """

    def __init__(self, put: Callable[[events.Event], None]) -> None:
        self._put = put
        self._futures: dict[events.Ticket, asyncio.Future[Height]] = {}
        self._next_ticket = 0

    async def confirm(self) -> Height:
        """Wait until what is on this node's disk holds all that was final when this was called.

        Returns: a height this node has; reading there or above is linearizable.
        Raises: Refused: VT-3050 nobody vouches for it now, VT-3051 the committee's engine cannot;
        Busy: VT-3003: too many clients wait.
        """
        if len(self._futures) >= READS_MAX:
            raise Busy("VT-3003", waiting=len(self._futures))
        ticket = self._next_ticket
        self._next_ticket += 1
        future: asyncio.Future[Height] = asyncio.get_running_loop().create_future()
        self._futures[ticket] = future
        try:
            self._put(events.ReadRequested(ticket, now_ms()))
            return await future
        finally:
            self._futures.pop(ticket, None)

    def answer(self, answer: effects.ReadReady | effects.ReadRefused) -> None:
        """Tell the client what the replica said; it may have gone meanwhile."""
        future = self._futures.get(answer.ticket)
        if future is None or future.done():
            return
        if isinstance(answer, effects.ReadReady):
            future.set_result(answer.height)
        else:
            future.set_exception(answer.error)
