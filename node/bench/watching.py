"""What a long run shows: whether memory grows and blocks take longer, and what reads take."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Final

import aiohttp

from chain.scalars import TwinId
from node.bench.result import block_gaps, percentiles
from node.bench.usage import read_usage
from node.clock import monotonic_seconds

LOOK_SECONDS: Final = 10.0
LONG_SECONDS: Final = 300.0
"""Memory over a shorter time tells nothing of hours."""
WARM_UP_SHARE: Final = 1 / 2
"""Of a long run: caches fill, and what remembers the ids of the expiry window."""
STRETCHES: Final = 12
"""The lowest look of each counts: meanwhile the database's buffers fill and empty, some 40 MB."""
STRETCHES_MIN: Final = 8
"""Where a node answered late, a stretch of a shorter run may hold no look."""
READS: Final = 500
READ_PAUSE_S: Final = 0.1
"""Between two reads beside a load."""


@dataclass(slots=True)
class Watch:
    """Looks at the nodes' memory from time to time: when, and the bytes of each."""

    session: aiohttp.ClientSession
    nodes: Sequence[str]
    looks: list[tuple[float, list[float]]] = field(default_factory=list)

    async def run(self) -> None:
        """Look until cancelled.

        Raises: aiohttp.ClientError: a node does not answer.
        """
        while True:
            usages = await read_usage(self.session, self.nodes)
            self.looks.append((monotonic_seconds(), [usage.rss_bytes for usage in usages]))
            await asyncio.sleep(LOOK_SECONDS)

    def slope_mb_per_h(self, begin_s: float, end_s: float) -> float | None:
        """Give by how much the node's memory grew that grew most; None if too little was seen."""
        if end_s - begin_s < LONG_SECONDS:
            return None
        warm_s = begin_s + WARM_UP_SHARE * (end_s - begin_s)
        stretch_s = (end_s - warm_s) / STRETCHES
        stretches: dict[int, list[list[float]]] = {}
        for at, sizes in self.looks:
            if warm_s <= at < end_s:
                stretches.setdefault(int((at - warm_s) / stretch_s), []).append(sizes)
        if len(stretches) < STRETCHES_MIN:
            return None
        hours = [number * stretch_s / 3600 for number in stretches]
        lowest = [[min(node) for node in zip(*looks, strict=True)] for looks in stretches.values()]
        nodes = zip(*lowest, strict=True)
        return round(max(fit_slope(hours, [size / 1e6 for size in node]) for node in nodes), 2)


def fit_slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Give the slope of the straight line nearest to the points, by least squares."""
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - middle) ** 2 for time in times)
    return (
        sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True))
        / spread
    )


def gaps_by_quarter(moments: Sequence[float], begin_s: float, end_s: float) -> list[float | None]:
    """Give the median time between blocks in ms, for each quarter of a stretch of time."""
    quarter_s = (end_s - begin_s) / 4
    starts = [begin_s + number * quarter_s for number in range(4)]
    return [
        percentiles(block_gaps([at for at in moments if start <= at < start + quarter_s]))["p50"]
        for start in starts
    ]


@dataclass(slots=True)
class Readers:
    """Reads twins with their proofs, in turn at all nodes, and notes when and how long it took.

    Args: seed: which twins are asked for, alike in each run; many, so that no cache has them all.
    """

    session: aiohttp.ClientSession
    nodes: Sequence[str]
    twins: Sequence[TwinId]
    seed: int = 1
    latencies_ms: list[tuple[float, float]] = field(default_factory=list)
    """When each was answered, and how many milliseconds it took."""
    failed: dict[str, int] = field(default_factory=dict)

    async def read(self, count: int) -> None:
        """Read so many times, one after the other.

        Raises: aiohttp.ClientError: a node does not answer, or not with a proof.
        """
        for place in self._places(count):
            await self._read(place)

    async def read_beside(self, pause_s: float = READ_PAUSE_S) -> None:
        """Read until cancelled; a read that fails is counted, for a load may be too much."""
        for place in self._places(None):
            try:
                await self._read(place)
            except (aiohttp.ClientError, TimeoutError) as error:
                status = getattr(error, "status", None) or type(error).__name__
                self.failed[f"read {status}"] = self.failed.get(f"read {status}", 0) + 1
            await asyncio.sleep(pause_s)

    def took_ms(self, begin_s: float, end_s: float) -> list[float]:
        """Give what the reads took that were answered between two moments."""
        return [latency for at, latency in self.latencies_ms if begin_s <= at <= end_s]

    def _places(self, count: int | None) -> Iterator[str]:
        chosen = random.Random(self.seed)  # noqa: S311 - nothing secret
        for node in islice(cycle(self.nodes), count):
            yield f"{node}/v1/twins/{chosen.choice(self.twins)}/proof"

    async def _read(self, place: str) -> None:
        begun = monotonic_seconds()
        async with self.session.get(place) as response:
            response.raise_for_status()
            await response.read()
        now = monotonic_seconds()
        self.latencies_ms.append((now, (now - begun) * 1000))
