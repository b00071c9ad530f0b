"""Which part of its work takes a node's processor time.

A meter belongs to one thread, so adding up needs no lock. Sections nest: what an inner one takes
does not count for the outer one.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final, ParamSpec, TypeVar

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from node.metrics import PREFIX
from node.replica.ports import PARTS, Part, Section

P = ParamSpec("P")
T = TypeVar("T")
REST: Final[Part] = "http"
"""What the event loop does outside of any section: the API, TLS, reading and writing."""


class CpuMeter:
    """Adds up the CPU time of one thread by part.

    Args: clock: nanoseconds of CPU time of the thread that calls it. Source: clock_gettime(2).
    """

    def __init__(self, clock: Callable[[], int] = time.thread_time_ns) -> None:
        self.clock: Final = clock
        self.spent_ns: Final = dict.fromkeys(PARTS, 0)
        self._open: list[Part] = []
        self._since = 0
        self._owed_ns = 0
        """What metered functions took and the section around them still has to give."""
        self._sections: Final = {part: _Metered(self, part) for part in PARTS}

    def section(self, part: Part) -> Section:
        """Give a context manager: what runs in it counts for `part`."""
        return self._sections[part]

    def metered(self, part: Part, function: Callable[P, T], every: int = 1) -> Callable[P, T]:
        """Wrap a short function so that its calls count for `part`.

        Args: every: look at the clock at one call in so many, and let it stand for all of them:
        where calls are many and alike, looking would take time itself.
        """
        calls = 0

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            nonlocal calls
            calls += 1
            if calls % every:
                return function(*args, **kwargs)
            begun = self.clock()
            try:
                return function(*args, **kwargs)
            finally:
                taken = (self.clock() - begun) * every
                self.spent_ns[part] += taken
                self._owed_ns += taken if self._open else 0

        return call

    def begin(self, part: Part) -> None:
        """From now on the time counts for `part`."""
        self._settle()
        self._open.append(part)

    def end(self) -> None:
        """From now on the time counts for what it counted for before."""
        self._settle()
        self._open.pop()

    def _settle(self) -> None:
        now = self.clock()
        if self._open:
            # A sum never goes down: what is owed and not there yet is given later.
            taken = now - self._since
            given = min(taken, self._owed_ns)
            self._owed_ns -= given
            self.spent_ns[self._open[-1]] += taken - given
        self._since = now


class _Metered:
    """What runs in it counts for one part."""

    __slots__ = ("_meter", "_part")

    def __init__(self, meter: CpuMeter, part: Part) -> None:
        self._meter = meter
        self._part = part

    def __enter__(self) -> None:
        self._meter.begin(self._part)

    def __exit__(self, *_: object) -> None:
        self._meter.end()


class CpuMeters:
    """The meters of a node's two threads: the one that decides, and the event loop."""

    def __init__(self) -> None:
        self.replica: Final = CpuMeter()
        self.loop: Final = CpuMeter()

    def read(self) -> dict[Part, float]:
        """Give the seconds by part since the start; call it in the event loop's thread."""
        deciding, waiting = self.replica.spent_ns, self.loop.spent_ns
        spent = {part: deciding[part] + waiting[part] for part in PARTS}
        spent[REST] += self.loop.clock() - sum(waiting.values())
        return {part: nanoseconds / 1e9 for part, nanoseconds in spent.items()}


class CpuCollector(Collector):
    """Shows a node's CPU time by part in its metrics, read when they are asked for."""

    def __init__(self, meters: CpuMeters, registry: CollectorRegistry) -> None:
        self._meters = meters
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give the one metric."""
        text = "CPU time of the process's own threads by part."
        family = CounterMetricFamily(PREFIX + "cpu_seconds", text, labels=("part",))
        for part, seconds in self._meters.read().items():
            family.add_metric((part,), seconds)
        yield family
