"""What a measurement hands in: signed before it is needed, each to expire in its own time.

A transaction is good for a window of blocks. What a short run needs is signed at once. Of a long
one with a fixed rate each is signed for the height at which its turn will come, which the pace of
blocks tells. What turns out to be signed for a wrong height, as the pace changed, is signed anew
shortly before its turn, and so is all of a run where the window is narrow. That takes its share of
the processor.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Height
from node.bench.load import AHEAD_MAX, CHUNK, Load, Signing
from node.bench.workloads import Workload

LONG_SECONDS: Final = 60.0
"""A run with a fixed rate that takes longer is signed when the pace of blocks is known."""
PACE_SECONDS: Final = 20.0
ALONG_SECONDS: Final = 15.0
"""So much of a run is signed, at least."""
SPARE_SHARE: Final = 8
"""An eighth of the window is left: nodes that are behind refuse what expires too far ahead."""
NARROW_BLOCKS: Final = 5_000
"""A narrower window is over before what is signed at once is handed in."""
PROBE_PAUSE_S: Final = 0.1
PROBES_AHEAD: Final = 2_000
PROBE_CHUNK: Final = 100
PROBE_CHUNK_SHARE: Final = 32
IN_HAND_SHARE: Final = 64
CHUNKS_MAX: Final = 8_000
PROBES_ALONG: Final = 300
"""For the time in which the pace is found; and so many are signed at any time, at least."""

OnProgress = Callable[[int, float], None]
"""Is told how many are to be signed, and which share of them is."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How much a run needs: for `seconds`, `rate` a second or at most `rate_max`.

    Args: in_flight: how many are under way; is_lone: there is nothing but probes.
    """

    seconds: float
    rate: float | None
    rate_max: float
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


def good_expiries(genesis: Genesis, height: Height) -> range:
    """Give for which last heights to sign what is handed in from now on for a while.

    Args: height: of the newest block.
    """
    window = genesis.limits.expiry_window_blocks
    spare = window // SPARE_SHARE
    return range(height + 1 + spare, height + 1 + window - spare)


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
        self._genesis = genesis
        load, probed = workloads
        expiry = Height(good_expiries(genesis, height)[-1])
        self._signing = signing = Signing(load, compute_genesis_hash(genesis), seed, expiry)
        self._probing = probing = replace(signing, workload=probed)
        window = genesis.limits.expiry_window_blocks
        is_narrow = window < NARROW_BLOCKS
        self._ahead = self._soon if is_narrow else AHEAD_MAX
        self._probes_ahead = PROBES_ALONG if is_narrow else AHEAD_MAX
        if is_narrow or demand.paced_rate is None:
            self._count, probes = demand.count(demand.seconds), self._probe_count
        else:
            self._count, probes = demand.count(PACE_SECONDS), PROBES_ALONG
        chunk = self._choose_chunk(window)
        self.load = Load(signing, min(self._count, self._ahead), self._count, chunk)
        chunk = max(1, min(PROBE_CHUNK, window // PROBE_CHUNK_SHARE))
        self.probes = Load(probing, min(probes, self._probes_ahead), None, chunk)

    def close(self) -> None:
        """Sign no more, and delete what was not asked for."""
        self.load.close()
        self.probes.close()

    def prepare(self, on_progress: OnProgress) -> None:
        """Sign what is to be signed beforehand."""
        count = min(self._count, self._ahead)
        on_progress(count, 0.0)
        self.probes.prepare(lambda _: None)
        self.load.prepare(lambda done: on_progress(count, min(1.0, done / max(1, count))))

    def follow(self, pace: float, height: Height) -> None:
        """Plan the rest of a long run. Args: pace: blocks a second; height: of the chain."""
        demand, rate = self._demand, self._demand.rate
        assert rate is not None, "a run without a rate is signed before"
        # Halfway up the window: the pace may change either way.
        expiry = Height(height + self._genesis.limits.expiry_window_blocks // 2)
        self._count = demand.count(demand.seconds)
        load = replace(self._signing, expiry_height=expiry, blocks_each=pace / rate)
        self.load.plan(load, min(self._count, self._ahead), self._count)
        probing = replace(self._probing, expiry_height=expiry, blocks_each=pace * PROBE_PAUSE_S)
        self.probes.plan(probing, min(self._probe_count, self._probes_ahead))

    def top_up(self, height: Height) -> None:
        """Have enough signed, the next of it for the right heights. Args: height: of the chain."""
        expiries = good_expiries(self._genesis, height)
        self.load.top_up(expiries, self._soon)
        self.probes.top_up(expiries, PROBES_ALONG)

    def _choose_chunk(self, window: int) -> int:
        """Choose how many to sign at once: what is being handed in is not looked at again.

        So it should not last longer than a second, and not for more than a part of a narrow window;
        but a day should not be millions of chunks.
        """
        rate = self._demand.rate
        if rate is None:
            return max(1, min(CHUNK, self._demand.in_flight * window // IN_HAND_SHARE))
        return max(1, min(CHUNK, max(int(rate), self._count // CHUNKS_MAX)))

    @property
    def _soon(self) -> int:
        return self._demand.count(ALONG_SECONDS)

    @property
    def _probe_count(self) -> int:
        return PROBES_AHEAD + int(self._demand.seconds / PROBE_PAUSE_S)
