"""Gateways: each signs its twin's readings with its own key and hands them in at its own node."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chain.errors import ChainError
from chain.operations import Reading, Telemetry, TwinReadings
from chain.scalars import TwinId
from node.client import AsyncClient
from node.client.delivery import deliver
from node.clock import monotonic_seconds
from node.ingest.csv_source import Record
from node.ingest.player import schedule
from node.ingest.source import Feed

WAITING_MAX: Final = 64
"""Records that one gateway keeps back; the rest of the data waits in its file."""
JOINED_RECORDS_MAX: Final = 16
JOINED_READINGS_MAX: Final = 1024
"""How much of what waits goes into one transaction."""


@dataclass(slots=True)
class Counts:
    """What the gateways did so far.

    `transactions` and `readings` are final; `unsettled` readings were on their way at the end, and
    may be in the chain or not; `refusals` counts refused records by code.
    """

    transactions: int = 0
    readings: int = 0
    unsettled: int = 0
    refusals: dict[str, int] = field(default_factory=dict)


class Gateways:
    """Plays a feed: one gateway for each twin, all on the same clock.

    A gateway waits until its readings are final before it sends the next ones, so they stay in
    order. While no node takes them the play stands still: nothing is lost and nothing piles up.

    Args: clients: for each twin one that signs with its gateway's key; speed: times as fast as the
    data was measured; on_obstacle: is told why nodes take nothing, and an empty text once they do.
    """

    def __init__(
        self,
        feed: Feed,
        clients: dict[TwinId, AsyncClient],
        speed: float,
        on_obstacle: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._on_obstacle = on_obstacle
        self._feed = feed
        self._clients = clients
        self._speed = speed
        self._queues: dict[TwinId, asyncio.Queue[Record | None]] = {
            twin: asyncio.Queue(WAITING_MAX) for twin in clients
        }
        self._playing: asyncio.Task[None] | None = None
        self._due_at: float | None = None
        self.counts: Final = Counts()

    @property
    def behind_s(self) -> float:
        """How many seconds late the play is, as its readings are not taken fast enough."""
        return 0.0 if self._due_at is None else max(0.0, monotonic_seconds() - self._due_at)

    async def run(self, on_time: Callable[[int], None]) -> bool:
        """Play the feed once; say whether it was played to its end.

        Args: on_time: is told the data's time in Unix milliseconds.
        """
        async with asyncio.TaskGroup() as tasks:
            for twin in self._clients:
                tasks.create_task(self._serve(twin))
            self._playing = tasks.create_task(self._play(on_time))
            await asyncio.wait((self._playing,))
            if self._playing.cancelled():
                self._drop_waiting()
            for queue in self._queues.values():
                await queue.put(None)
        self._due_at = None
        return not self._playing.cancelled()

    def close(self) -> None:
        """Send nothing new: `run` ends when what is on its way has arrived."""
        self._drop_waiting()
        if self._playing is not None:
            self._playing.cancel()

    def _drop_waiting(self) -> None:
        for queue in self._queues.values():
            while not queue.empty():
                queue.get_nowait()

    async def _play(self, on_time: Callable[[int], None]) -> None:
        started = monotonic_seconds()
        for due in schedule(self._feed.records, self._speed):
            self._due_at = None
            # To sleep at every moment, however late, lets others take their turn.
            await asyncio.sleep(max(0.0, started + due.delay_s - monotonic_seconds()))
            self._due_at = started + due.delay_s
            on_time(due.time_ms)
            for twin, records in due.groups:
                for record in records:
                    await self._queues[twin].put(record)

    async def _serve(self, twin: TwinId) -> None:
        queue = self._queues[twin]
        while (first := await queue.get()) is not None:
            records = [first]
            is_last = False
            while not is_last and not queue.empty() and _has_room(records):
                following = queue.get_nowait()
                if following is None:
                    is_last = True
                else:
                    records.append(following)
            await self._send(twin, records)
            if is_last:
                return

    async def _send(self, twin: TwinId, records: Sequence[Record]) -> None:
        readings = count_readings(records)
        try:
            (refusal,) = await deliver(self._clients[twin], (join(records),), self._on_obstacle)
        except ChainError as error:
            refusal = error
        except asyncio.CancelledError:
            self.counts.unsettled += readings
            raise
        if refusal is None:
            self.counts.transactions += 1
            self.counts.readings += readings
        elif len(records) > 1:
            # One bad reading refuses all that travel with it.
            for record in records:
                await self._send(twin, (record,))
        else:
            refusals = self.counts.refusals
            refusals[refusal.code] = refusals.get(refusal.code, 0) + 1


def join(records: Iterable[Record]) -> Telemetry:
    """Put records into one operation, in order, with the readings of each twin together."""
    readings: dict[TwinId, list[Reading]] = {}
    for record in records:
        for batch in record.batches:
            readings.setdefault(batch.twin, []).extend(batch.readings)
    return Telemetry(tuple(TwinReadings(twin, tuple(each)) for twin, each in readings.items()))


def count_readings(records: Iterable[Record]) -> int:
    """Count the readings in records."""
    return sum(len(batch.readings) for record in records for batch in record.batches)


def _has_room(records: Sequence[Record]) -> bool:
    return (
        len(records) < JOINED_RECORDS_MAX
        and count_readings(records) + count_readings(records[-1:]) <= JOINED_READINGS_MAX
    )
