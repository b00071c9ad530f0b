"""Gateways: each signs its twin's readings with its own key and posts them to its own node."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from chain.errors import ChainError
from chain.operations import Telemetry, TwinReadings
from chain.scalars import TwinId
from node.client import AsyncClient
from node.clock import monotonic_seconds
from node.ingest.csv_source import Record
from node.ingest.player import schedule
from node.ingest.source import Feed

WAITING_MAX: Final = 64
"""Records that one gateway keeps back while its node is away."""


@dataclass(slots=True)
class Counts:
    """What the gateways did so far."""

    sent: int = 0
    readings: int = 0
    refused: int = 0
    late_s: float = 0.0
    is_finished: bool = False
    refusals: dict[str, int] = field(default_factory=dict)


class Gateways:
    """Plays a feed: one task for each twin, all on the same clock.

    A gateway whose node is down keeps its records in order and sends them once any node answers,
    so a killed node loses no reading.
    """

    def __init__(self, feed: Feed, clients: dict[TwinId, AsyncClient], speed: float) -> None:
        self._feed = feed
        self._clients = clients
        self._speed = speed
        self._queues: dict[TwinId, asyncio.Queue[Record]] = {
            twin: asyncio.Queue(WAITING_MAX) for twin in clients
        }
        self.counts = Counts()

    async def run(self, on_time: Callable[[int], None]) -> None:
        """Play the feed once; `on_time` is told the data's time in Unix milliseconds."""
        async with asyncio.TaskGroup() as tasks:
            senders = [tasks.create_task(self._send(twin)) for twin in self._clients]
            started = monotonic_seconds()
            for due in schedule(self._feed.records, self._speed):
                wait_s = started + due.delay_s - monotonic_seconds()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                self.counts.late_s = max(0.0, -wait_s)
                on_time(due.time_ms)
                for twin, records in due.groups:
                    for record in records:
                        await self._queues[twin].put(record)
            for queue in self._queues.values():
                await queue.join()
            self.counts.is_finished = True
            for sender in senders:
                sender.cancel()

    async def _send(self, twin: TwinId) -> None:
        queue = self._queues[twin]
        while True:
            record = await queue.get()
            await self._send_until_taken(twin, record.batches)
            queue.task_done()

    async def _send_until_taken(self, twin: TwinId, batches: tuple[TwinReadings, ...]) -> None:
        try:
            await self._clients[twin].submit(Telemetry(batches))
        except ChainError as error:
            self.counts.refused += 1
            self.counts.refusals[error.code] = self.counts.refusals.get(error.code, 0) + 1
            return
        self.counts.sent += 1
        self.counts.readings += sum(len(batch.readings) for batch in batches)
