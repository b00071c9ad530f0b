"""What a measurement hands in: signed before it is needed, each to expire in its own time.

A transaction is good for a window of blocks. What a short run needs is signed at once. Of a long
one with a fixed rate each is signed for the height at which its turn will come, which the pace of
blocks tells. Where the window is narrow, or the run too long for such a guess, it is signed as it
goes, which takes its share of the processor.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Height
from node.bench.load import AHEAD_MAX, Load, Signing
from node.bench.workloads import Workload

LONG_SECONDS: Final = 60.0
"""A run with a fixed rate that takes longer is signed when the pace of blocks is known."""
PACE_SECONDS: Final = 20.0
ALONG_SECONDS: Final = 15.0
"""How far ahead of its rate a run is signed that is signed as it goes."""
SPARE_SHARE: Final = 8
"""An eighth of the window is left: nodes that are behind refuse what expires too far ahead."""
DRIFT_SHARE: Final = 8
"""The pace may change by an eighth."""
NARROW_BLOCKS: Final = 5_000
"""A narrower window is over before what is signed at once is handed in."""
PROBE_PAUSE_S: Final = 0.1
PROBES_AHEAD: Final = 2_000
PROBE_CHUNK: Final = 100
PROBES_ALONG: Final = 300
"""For the time in which the pace is found, and to wait in a run that is signed as it goes."""

OnProgress = Callable[[int, float], None]
"""Is told how many are to be signed, and which share of them is."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How much a run needs: for `seconds`, `rate` a second or at most `rate_max`.

    Args: history: transactions before it; in_flight: how many are under way; is_lone: there is
    nothing but probes.
    """

    seconds: float
    rate: float | None
    rate_max: float
    history: int
    in_flight: int
    is_lone: bool = False

    @property
    def paced_rate(self) -> float | None:
        """The rate of a long run that has one."""
        return self.rate if self.seconds > LONG_SECONDS else None

    def count(self, seconds: float) -> int:
        """Give how many transactions a stretch of it needs."""
        if self.is_lone:
            return 0
        return int(seconds * (self.rate or self.rate_max)) + self.in_flight


class Supply:
    """Signed transactions: `load` to be handed in, and `probes` to be measured one by one.

    Close it at the end. Args: workloads: of the load, and of the probes; height: where the chain
    stands.
    """

    def __init__(
        self,
        demand: Demand,
        genesis: Genesis,
        seed: bytes,
        workloads: tuple[Workload, Workload],
        height: Height,
    ) -> None:
        self._demand = demand
        self._window = genesis.limits.expiry_window_blocks
        load, probed = workloads
        signing = Signing(load, compute_genesis_hash(genesis), seed, self._expiry(height))
        self._signing = signing
        self._probing = replace(signing, workload=probed)
        self._goes_along = self._window < NARROW_BLOCKS
        seconds, probes = demand.seconds, self._probe_count
        if self._goes_along:
            seconds, probes = min(seconds, ALONG_SECONDS), PROBES_ALONG
        elif demand.paced_rate is not None:
            seconds, probes = PACE_SECONDS, PROBES_ALONG
        self._count = demand.history + demand.count(seconds)
        self.load = Load(signing, self._count)
        self.probes = Load(self._probing, probes, PROBE_CHUNK)

    def close(self) -> None:
        """Sign no more, and delete what was not asked for."""
        self.load.close()
        self.probes.close()

    def prepare(self, on_progress: OnProgress) -> None:
        """Sign what is to be signed beforehand."""
        count = min(self._count, AHEAD_MAX)
        on_progress(count, 0.0)
        self.probes.prepare(lambda _: None)
        self.load.prepare(lambda done: on_progress(count, min(1.0, done / max(1, count))))

    def follow(self, pace: float, height: Height) -> None:
        """Plan the rest of a long run. Args: pace: blocks a second; height: of the chain."""
        demand, rate = self._demand, self._demand.rate
        assert rate is not None, "a run without a rate is signed before"
        drift = pace * demand.seconds / DRIFT_SHARE
        count = demand.count(demand.seconds)
        spare = self._window // 2 - self._window // SPARE_SHARE
        self._goes_along |= count > AHEAD_MAX or drift > spare
        if self._goes_along:
            self._count = demand.count(ALONG_SECONDS)
            self._plan(self._expiry(height), 0.0, PROBES_ALONG)
        else:
            self._count = count
            self._plan(Height(height + self._window // 2), pace, self._probe_count)

    def top_up(self, height: Height) -> None:
        """Have more signed of a run that is signed as it goes. Args: height: of the chain."""
        if not self._goes_along:
            return
        self._plan(self._expiry(height), 0.0, 0)
        self.load.top_up(self._demand.count(ALONG_SECONDS))
        self.probes.top_up(PROBES_ALONG)

    @property
    def _probe_count(self) -> int:
        return PROBES_AHEAD + int(self._demand.seconds / PROBE_PAUSE_S)

    def _expiry(self, height: int) -> Height:
        return Height(height + self._window - self._window // SPARE_SHARE)

    def _plan(self, expiry: Height, pace: float, probes: int) -> None:
        each = pace / (self._demand.rate or self._demand.rate_max)
        self.load.plan(replace(self._signing, expiry_height=expiry, blocks_each=each), self._count)
        probing = replace(self._probing, expiry_height=expiry, blocks_each=pace * PROBE_PAUSE_S)
        self.probes.plan(probing, probes)
