"""The workshop: it watches for orders addressed to it and acknowledges them on the chain."""

import asyncio
from collections.abc import Callable
from typing import Final

from chain.errors import ChainError
from chain.operations import Acknowledge
from chain.scalars import Hash
from node.client import AsyncClient

LOOK_EVERY_S: Final = 1.0
THINK_S: Final = 2.0
NOTE: Final = "Technician is on the way."


class Workshop:
    """Takes on every open order after a moment of thought."""

    def __init__(self, client: AsyncClient, organisation: str) -> None:
        self._client = client
        self._organisation = organisation
        self.acknowledged: set[str] = set()

    async def run(self, on_acknowledged: Callable[[dict[str, object]], None]) -> None:
        """Serve until cancelled; `on_acknowledged` is told each order that was answered."""
        while True:
            try:
                page = await self._client.get_json(
                    "/v1/actions", status="open", addressee=self._organisation
                )
                for action in page["items"]:
                    await self._answer(action, on_acknowledged)
            except ChainError:
                pass  # No node answers just now; look again.
            await asyncio.sleep(LOOK_EVERY_S)

    async def _answer(
        self, action: dict[str, object], on_acknowledged: Callable[[dict[str, object]], None]
    ) -> None:
        name = str(action["id"])
        if name in self.acknowledged:
            return
        await asyncio.sleep(THINK_S)
        operation = Acknowledge(Hash(bytes.fromhex(name)), "acknowledged", NOTE)
        await self._client.submit_and_wait(operation)
        self.acknowledged.add(name)
        on_acknowledged(action)
