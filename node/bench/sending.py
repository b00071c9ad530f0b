"""Hands transactions in, as gateways would.

Closed loop: a fixed number is under way, and a committed one makes room for the next. Open loop:
a fixed number per second, whatever becomes of those before, as machines do that do not wait.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Final

import aiohttp
import msgspec

from node.bench.blocks import BlockCount
from node.clock import monotonic_seconds

MANY_TYPE: Final = "application/vnd.veritwin.transactions+msgpack"
REQUESTS_MAX: Final = 32
BUSY_SECONDS: Final = 0.05
_BUSY: Final = frozenset({429, 503})


class _Item(msgspec.Struct):
    state: str
    code: str | None = None


class _Answers(msgspec.Struct):
    items: list[_Item]


@dataclass(slots=True)
class Sent:
    """What became of requests: transactions taken in, those refused by code, and busy nodes."""

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    busy: int = 0
    late: int = 0
    """Requests of an open loop that could not begin when they should have."""


class Sender:
    """Hands transactions in at all nodes in turn.

    Args: per_request: transactions in one request.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        nodes: Sequence[str],
        load: Iterator[bytes],
        per_request: int,
    ) -> None:
        self._session = session
        self._nodes = cycle(nodes)
        self._load = load
        self._per_request = per_request
        self._slots = asyncio.Semaphore(REQUESTS_MAX)
        self._is_open = True
        self.sent = Sent()

    def stop(self) -> None:
        """Begin nothing more; what is on its way is waited for."""
        self._is_open = False

    async def keep(
        self, in_flight: int, count: BlockCount, others: Callable[[], int] = lambda: 0
    ) -> None:
        """Keep so many under way, until stopped or cancelled.

        Args: others: gives how many of the committed ones were handed in by somebody else.
        """
        begun = count.committed - others()
        async with asyncio.TaskGroup() as tasks:
            while self._is_open:
                lost = sum(self.sent.refused.values())
                done = count.committed - others() + lost
                while begun - done + self._per_request <= in_flight and self._goes_on():
                    await self._slots.acquire()
                    tasks.create_task(self._hand_in(self._take()))
                    begun += self._per_request
                await count.wait(1.0)

    async def offer(self, per_second: float) -> None:
        """Hand in so many per second, until stopped or cancelled."""
        pause = self._per_request / per_second
        due = monotonic_seconds()
        async with asyncio.TaskGroup() as tasks:
            while self._is_open:
                now = monotonic_seconds()
                if now < due:
                    await asyncio.sleep(due - now)
                elif now > due + pause or self._slots.locked():
                    self.sent.late += 1
                await self._slots.acquire()
                tasks.create_task(self._hand_in(self._take()))
                due += pause

    async def offer_for(self, per_second: float, seconds: float) -> None:
        """Hand in so many per second for a while."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.offer(per_second))
            await asyncio.sleep(seconds)
            self.stop()
        self._is_open = True

    async def hand_in_all(self, total: int, in_flight: int, count: BlockCount) -> None:
        """Hand in `total` transactions and wait until they are committed."""
        before = count.committed
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(self.keep(in_flight, count))
            while count.committed - before < total:
                await count.wait(1.0)
            self.stop()
            await keeping
        self._is_open = True

    def _goes_on(self) -> bool:
        return self._is_open

    def _take(self) -> list[bytes]:
        return list(islice(self._load, self._per_request))

    async def _hand_in(self, group: list[bytes]) -> None:
        try:
            body = msgspec.msgpack.encode(group)
            while not await self._post(next(self._nodes), body):
                self.sent.busy += 1
                if not self._is_open:
                    return  # no node took it, so it is not missed
                await asyncio.sleep(BUSY_SECONDS)
        finally:
            self._slots.release()

    async def _post(self, node: str, body: bytes) -> bool:
        """Post a group; False when the node takes nothing now.

        Raises: aiohttp.ClientError: the node is gone, or answers something that is no answer.
        """
        async with self._session.post(
            f"{node}/v1/transactions", data=body, headers={"Content-Type": MANY_TYPE}
        ) as response:
            if response.status in _BUSY:
                return False
            response.raise_for_status()
            answers = msgspec.json.decode(await response.read(), type=_Answers)
        for item in answers.items:
            if item.state == "rejected" and item.code is not None:
                self.sent.refused[item.code] = self.sent.refused.get(item.code, 0) + 1
            else:
                self.sent.accepted += 1
        return True


class Probe:
    """Measures how long single transactions take, from the POST to the answer `final`.

    Args: pause_s: between the beginnings of two; 0 sends the next one when the last is answered.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        nodes: Sequence[str],
        load: Iterator[bytes],
        pause_s: float,
    ) -> None:
        self._session = session
        self._nodes = cycle(nodes)
        self._load = load
        self._pause_s = pause_s
        self.latencies_ms: list[tuple[float, float]] = []
        """When each was answered, and how many milliseconds it took."""
        self.failed: dict[str, int] = {}
        self.pending = 0
        """Of those that failed, how many a node had taken: a block may hold them yet."""
        self._is_open = True

    def stop(self) -> None:
        """Begin nothing more; what is on its way is waited for."""
        self._is_open = False

    def count(self) -> int:
        """Count those that became final."""
        return len(self.latencies_ms)

    async def run(self) -> None:
        """Measure until stopped or cancelled."""
        if not self._pause_s:
            while self._is_open:
                await self._measure()
        async with asyncio.TaskGroup() as tasks:
            while self._is_open:
                tasks.create_task(self._measure())
                await asyncio.sleep(self._pause_s)

    async def _measure(self) -> None:
        raw = next(self._load)
        begun = monotonic_seconds()
        async with self._session.post(
            f"{next(self._nodes)}/v1/transactions",
            params={"wait": "final", "timeout": "60"},
            data=raw,
            headers={"Content-Type": "application/msgpack"},
        ) as response:
            item = msgspec.json.decode(await response.read(), type=_ProbeAnswer)
        if item.state != "final":
            name = item.code or item.state or str(response.status)
            self.failed[name] = self.failed.get(name, 0) + 1
            self.pending += item.state != ""
            return
        now = monotonic_seconds()
        self.latencies_ms.append((now, (now - begun) * 1000))


class _ProbeAnswer(msgspec.Struct):
    state: str = ""
    code: str | None = None
