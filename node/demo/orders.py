"""The life of orders as the chain tells it, whoever opened or answered them."""

from typing import Final

from chain.errors import ChainError
from node.client import AsyncClient, StreamEvent
from node.demo.report import Reporter, Scene

BEGINNING: Final = "1.0"
"""The place of the first event of the chain."""


class Orders:
    """Follows the chain's actions and reports each change once."""

    def __init__(self, client: AsyncClient, scene: Scene, reporter: Reporter) -> None:
        self._client = client
        self._scene = scene
        self._reporter = reporter
        self._statuses: dict[str, str] = {}

    async def run(self) -> None:
        """Follow until cancelled, over dead nodes and broken connections."""
        async for event in self._client.events(("action",), BEGINNING):
            await self.take(event)

    async def take(self, event: StreamEvent) -> None:
        """Report one event, and keep the scene's counts."""
        order, status = str(event.data["id"]), str(event.data["status"])
        if self._statuses.get(order) == status:
            return
        self._statuses[order] = status
        twin = str(event.data["twin"])
        values = {"id": order, "kind": event.data["kind"], "twin": twin}
        self._scene.orders = len(self._statuses)
        self._scene.open_orders = sum(1 for one in self._statuses.values() if one == "open")
        if status == "open":
            title = str(event.data["title"])
            self._reporter.tell(
                "order_opened",
                f"Order for {twin}: {title.removeprefix(f'{twin}: ')}",
                **values,
                title=title,
            )
            return
        self._scene.acknowledged += status == "acknowledged"
        by, note = await self._find_answer(order)
        self._reporter.tell(
            f"order_{status}",
            f"{by or 'Somebody'} {status} the order for {twin}{f': {note}' if note else ''}",
            **values,
            organisation=by,
        )

    async def _find_answer(self, order: str) -> tuple[str | None, str]:
        """Give who answered an order last, and the note."""
        try:
            answers = (await self._client.action(order)).acknowledgements
        except ChainError:  # The event is in a block already; only these details are missing.
            return None, ""
        return (answers[-1].organisation, answers[-1].note) if answers else (None, "")
