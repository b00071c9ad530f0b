"""The running consortium: node processes, and what they say about themselves."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.errors import ChainError, InvalidInput
from chain.keys import SigningKey
from chain.scalars import OrganisationId
from node.client import AsyncClient
from node.clock import monotonic_seconds
from node.demo.cast import Cast
from node.demo.home import writing
from node.local.processes import NodeProcess, stop_all

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
ASK_SECONDS: Final = 1.0
COMPARE_SECONDS: Final = 5.0
CLIENT_TIMEOUT_SECONDS: Final = 3.0
"""How long a client waits for a node before it asks another one."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The state roots that running nodes report at one height; `silent` ones did not answer."""

    height: int
    roots: dict[str, str]
    silent: tuple[str, ...] = ()

    @property
    def holds(self) -> bool | None:
        """Whether all running nodes gave the same root; None when none runs."""
        if not self.roots and not self.silent:
            return None
        return len(set(self.roots.values())) == 1 and not self.silent

    def describe(self) -> str:
        """Say in a sentence what was found."""
        if self.holds is None:
            return "No node was running at the end, so there was nothing to compare."
        if not self.roots:
            return f"{', '.join(self.silent)} did not say in which state they are."
        count = f"{len(self.roots)} node{'s' if len(self.roots) != 1 else ''}"
        silent = f"; {', '.join(self.silent)} did not answer" if self.silent else ""
        if len(set(self.roots.values())) > 1:
            return f"{count} DISAGREE on the state at height {self.height}{silent}."
        if len(self.roots) == 1:
            return f"One node reported the state at height {self.height}{silent}."
        return f"{count} agree on the state at height {self.height}{silent}."


class Consortium:
    """Starts, watches, kills and restarts the nodes of a cast."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self.nodes: Final = [
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
        return next((node.api for node in self.nodes if node.is_running), self.nodes[0].api) + "/"

    async def start(
        self, on_progress: Callable[[int, int], None] = lambda _up, _ready: None
    ) -> None:
        """Start all nodes and wait until each has committed a block.

        Args: on_progress: is told, again and again, how many answer and how many have a block.
        Raises: InvalidInput: VT-8013 a node ended or did not commit in time, VT-8012 its log
        cannot be written.
        """
        for node in self.nodes:
            with writing(node.home):
                await node.start()
        for node in self.nodes:
            client = AsyncClient([node.api], self._cast.network.genesis, retry_seconds=0.0)
            self._clients[node.name] = await self._open(client)
        deadline = monotonic_seconds() + START_SECONDS
        waiting = list(self.nodes)
        while waiting:
            statuses = await self._ask_all("/v1/status", waiting)
            silent = sum(1 for status in statuses.values() if status is None)
            waiting = [node for node in waiting if not _has_block(statuses[node.name])]
            on_progress(len(self.nodes) - silent, len(self.nodes) - len(waiting))
            for node in waiting:
                _check_start(node, is_late=monotonic_seconds() > deadline)
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Stop all nodes; none is left when this returns."""
        for client in self._opened:
            await client.close()
        self._opened.clear()
        await stop_all(self.nodes)

    async def client_for(self, organisation: OrganisationId, key: SigningKey) -> AsyncClient:
        """Open a client that prefers the organisation's own node and can use all others."""
        own = self._cast.node_of(organisation).node
        ordered = sorted(self.nodes, key=lambda node: node.name != own)
        client = AsyncClient(
            [node.api for node in ordered],
            self._cast.network.genesis,
            key,
            timeout_seconds=CLIENT_TIMEOUT_SECONDS,
        )
        return await self._open(client)

    async def kill_one(self, before: Callable[[str], None] = lambda _: None) -> NodeProcess | None:
        """Kill the last running node, as a power cut would; None when none runs.

        Args: before: is told the name of the node that is about to die.
        """
        for node in reversed(self.nodes):
            if node.is_running:
                before(node.name)
                await node.kill()
                return node
        return None

    async def restart_one(self) -> NodeProcess | None:
        """Start the first node that is down; None when all run.

        Raises: InvalidInput: VT-8012, its log cannot be written.
        """
        for node in self.nodes:
            if not node.is_running:
                with writing(node.home):
                    await node.start()
                return node
        return None

    async def statuses(self) -> dict[str, dict[str, Any] | None]:
        """Ask every node for its status; None for one that does not answer."""
        answers = await self._ask_all("/v1/status", self.nodes)
        return {node.name: answers[node.name] for node in self.nodes}

    async def compare_roots(self, seconds: float = COMPARE_SECONDS) -> Agreement:
        """Ask all running nodes for the state root at the greatest height that all have.

        Args: seconds: how long to wait for the answers, all in all.
        """
        running = [node for node in self.nodes if node.is_running]
        deadline = monotonic_seconds() + seconds
        while True:
            agreement = await self._compare(running, seconds / 2)
            if not agreement.silent or monotonic_seconds() + seconds / 2 > deadline:
                return agreement

    async def _compare(self, running: Sequence[NodeProcess], seconds: float) -> Agreement:
        statuses = await self._ask_all("/v1/status", running, seconds / 2)
        heights = [int(status["height"]) for status in statuses.values() if status is not None]
        height = min(heights, default=0)
        blocks = await self._ask_all(f"/v1/blocks/{height}", running, seconds / 2)
        roots = {
            name: str(block["header"]["state_root"])
            for name, block in blocks.items()
            if block is not None
        }
        return Agreement(height, roots, tuple(name for name in blocks if name not in roots))

    async def _ask_all(
        self, path: str, nodes: Sequence[NodeProcess], seconds: float = ASK_SECONDS
    ) -> dict[str, dict[str, Any] | None]:
        async with asyncio.TaskGroup() as tasks:
            asked = {node.name: tasks.create_task(self._ask(node, path, seconds)) for node in nodes}
        return {name: task.result() for name, task in asked.items()}

    async def _ask(
        self, node: NodeProcess, path: str, seconds: float = ASK_SECONDS
    ) -> dict[str, Any] | None:
        if not node.is_running:
            return None
        try:
            async with asyncio.timeout(seconds):
                return await self._clients[node.name].get_json(path)
        except (ChainError, TimeoutError):
            return None

    async def _open(self, client: AsyncClient) -> AsyncClient:
        opened = await client.__aenter__()
        self._opened.append(opened)
        return opened


def _has_block(status: dict[str, Any] | None) -> bool:
    return status is not None and int(status["height"]) >= 1


def _check_start(node: NodeProcess, *, is_late: bool) -> None:
    """Raises: InvalidInput: VT-8013, the node ended or has not committed in time."""
    if node.is_running and not is_late:
        return
    what = f"committed no block within {START_SECONDS:.0f} s" if node.is_running else "ended"
    words = node.read_last_words()
    raise InvalidInput("VT-8013", node=node.name, reason=f"{what}: {words}" if words else what)
