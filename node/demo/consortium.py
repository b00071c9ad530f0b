"""The running consortium: node processes, and what they say about themselves."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.errors import ChainError
from chain.keys import SigningKey
from chain.scalars import OrganisationId
from node.client import AsyncClient
from node.clock import monotonic_seconds
from node.demo.cast import Cast
from node.demo.processes import NodeProcess, stop_all

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
ASK_SECONDS: Final = 1.0


class StartFailed(Exception):
    """A node did not come up; the message says which, and its last words."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The state roots that nodes report at one height."""

    height: int
    roots: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether all of them are the same."""
        return len(set(self.roots.values())) == 1


class Consortium:
    """Starts, watches, kills and restarts the nodes of a cast."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self.nodes = [
            NodeProcess(
                plan.node,
                plan.organisation,
                cast.network.homes[plan.node],
                f"http://127.0.0.1:{plan.api_port}",
            )
            for plan in cast.planned
        ]
        self._clients: dict[str, AsyncClient] = {}
        self._opened: list[AsyncClient] = []

    @property
    def explorer(self) -> str:
        """Address of the explorer: the first node that runs."""
        return next((node.api for node in self.nodes if node.is_running), self.nodes[0].api)

    async def start(self) -> None:
        """Start all nodes and wait until each has committed a block.

        Raises: StartFailed: a node ended or did not commit in time.
        """
        for node in self.nodes:
            await node.start()
        for node in self.nodes:
            client = AsyncClient([node.api], self._cast.network.genesis)
            self._clients[node.name] = await self._open(client)
        deadline = monotonic_seconds() + START_SECONDS
        waiting = list(self.nodes)
        while waiting:
            waiting = [node for node in waiting if await self._height(node) < 1]
            for node in waiting:
                if not node.is_running or monotonic_seconds() > deadline:
                    raise StartFailed(f"{node.name} did not start.\n{node.read_last_words()}")
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Stop all nodes; none is left when this returns."""
        for client in self._opened:
            await client.__aexit__(None, None, None)
        self._opened.clear()
        await stop_all(self.nodes)

    async def client_for(
        self, organisation: OrganisationId, key: SigningKey | None = None
    ) -> AsyncClient:
        """Open a client that prefers the organisation's own node and can use all others."""
        own = self._cast.node_of(organisation).node
        ordered = sorted(self.nodes, key=lambda node: node.name != own)
        addresses = [node.api for node in ordered]
        return await self._open(AsyncClient(addresses, self._cast.network.genesis, key))

    async def kill_one(self) -> NodeProcess | None:
        """Kill the last running node, as a power cut would; None when none runs."""
        running = [node for node in self.nodes if node.is_running]
        if not running:
            return None
        await running[-1].kill()
        return running[-1]

    async def restart_one(self) -> NodeProcess | None:
        """Start the first node that is down; None when all run."""
        for node in self.nodes:
            if not node.is_running:
                await node.start()
                return node
        return None

    async def statuses(self) -> dict[str, dict[str, Any] | None]:
        """Ask every node for its status; None for one that does not answer."""
        answers = await self._ask_all("/v1/status", self.nodes)
        return {node.name: answers.get(node.name) for node in self.nodes}

    async def compare_roots(self) -> Agreement:
        """Ask all running nodes for the state root at the greatest height that all have."""
        running = [node for node in self.nodes if node.is_running]
        statuses = await self._ask_all("/v1/status", running)
        heights = [status["height"] for status in statuses.values() if status is not None]
        height = min(heights, default=0)
        blocks = await self._ask_all(f"/v1/blocks/{height}", running)
        roots = {
            name: str(block["header"]["state_root"])
            for name, block in blocks.items()
            if block is not None
        }
        return Agreement(height, roots)

    async def _ask_all(
        self, path: str, nodes: Sequence[NodeProcess]
    ) -> dict[str, dict[str, Any] | None]:
        answers: dict[str, dict[str, Any] | None] = {}

        async def ask(node: NodeProcess) -> None:
            answers[node.name] = await self._ask(node, path)

        async with asyncio.TaskGroup() as tasks:
            for node in nodes:
                tasks.create_task(ask(node))
        return answers

    async def _ask(self, node: NodeProcess, path: str) -> dict[str, Any] | None:
        if not node.is_running:
            return None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._clients[node.name].get_json(path)
        except (ChainError, TimeoutError):
            return None

    async def _height(self, node: NodeProcess) -> int:
        status = await self._ask(node, "/v1/status")
        return int(status["height"]) if status else 0

    async def _open(self, client: AsyncClient) -> AsyncClient:
        opened = await client.__aenter__()
        self._opened.append(opened)
        return opened
