"""The workshop: it looks for orders addressed to it and acknowledges them on the chain."""

import asyncio
from typing import Final

from chain.errors import ChainError
from chain.operations import Acknowledge
from chain.scalars import Hash
from node.client import AsyncClient
from node.client.delivery import deliver

LOOK_SECONDS: Final = 1.0
THINK_SECONDS: Final = 2.0
NOTE: Final = "A technician is on the way."


class Workshop:
    """Takes on every open order after a moment of thought.

    An order that somebody else of the workshop answered meanwhile is left alone: the chain refuses
    the second answer.
    """

    def __init__(
        self, client: AsyncClient, organisation: str, think_seconds: float = THINK_SECONDS
    ) -> None:
        self._client = client
        self._organisation = organisation
        self._think_seconds = think_seconds
        self._answered: set[str] = set()

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            try:
                page = await self._client.actions(status="open", addressee=self._organisation)
                for order in page.items:
                    if order.id not in self._answered:
                        await self._answer(order.id)
            except ChainError:
                pass  # No node answers just now; look again.
            await asyncio.sleep(LOOK_SECONDS)

    async def _answer(self, order: str) -> None:
        await asyncio.sleep(self._think_seconds)
        operation = Acknowledge(Hash(bytes.fromhex(order)), "acknowledged", NOTE)
        await deliver(self._client, (operation,))
        self._answered.add(order)
