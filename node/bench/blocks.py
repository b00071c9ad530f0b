"""Follows the chain from outside: which blocks came when, and how much they held."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from node.api.views.status import BlockEvent
from node.client import AsyncClient
from node.clock import monotonic_seconds


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """A block as it was heard of: `at_s` on this process's steady clock."""

    height: int
    transactions: int
    at_s: float


@dataclass(slots=True)
class BlockCount:
    """All blocks that a node told of since the start."""

    blocks: list[SeenBlock] = field(default_factory=list)
    committed: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(
        self, client: AsyncClient, clock: Callable[[], float] = monotonic_seconds
    ) -> None:
        """Count until cancelled, from the next block on."""
        async for event in client.events(("block",)):
            view = event.read()
            if isinstance(view, BlockEvent):
                self.add(SeenBlock(view.height, view.transactions, clock()))

    def add(self, block: SeenBlock) -> None:
        """Count a block."""
        self.blocks.append(block)
        self.committed += block.transactions
        self.moved.set()

    async def wait(self, seconds: float) -> None:
        """Wait for a block, or for some seconds."""
        self.moved.clear()
        try:
            async with asyncio.timeout(seconds):
                await self.moved.wait()
        except TimeoutError:
            pass


@dataclass(frozen=True, slots=True)
class Window:
    """The blocks of a stretch of time, from the end of one block to the end of another."""

    blocks: tuple[SeenBlock, ...]
    seconds: float

    @property
    def transactions(self) -> int:
        """Transactions in these blocks."""
        return sum(block.transactions for block in self.blocks)

    @property
    def per_second(self) -> float:
        """Transactions committed per second."""
        return self.transactions / self.seconds if self.seconds else 0.0


def cut_window(blocks: list[SeenBlock], begin_s: float, end_s: float) -> Window:
    """Give the blocks between two moments; time begins and ends with a block, so that no part of
    a block's work counts for nothing.
    """
    before = [block for block in blocks if block.at_s < begin_s]
    inside = [block for block in blocks if begin_s <= block.at_s <= end_s]
    if not inside:
        return Window((), end_s - begin_s)
    if before:
        return Window(tuple(inside), inside[-1].at_s - before[-1].at_s)
    return Window(tuple(inside[1:]), inside[-1].at_s - inside[0].at_s)
