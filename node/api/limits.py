"""Limits on strangers: how often one address may ask, and how many connections it may hold."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from node.clock import monotonic_seconds

ADDRESSES_MAX: Final = 10_000
BURST_SECONDS: Final = 2.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    since: float


class RateLimit:
    """A token bucket for each address: `per_second` on average, twice that at once."""

    def __init__(self, per_second: int, clock: Callable[[], float] = monotonic_seconds) -> None:
        self.per_second: Final = per_second
        self._size = per_second * BURST_SECONDS
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str) -> int:
        """Count a request; give how many more may come at once, -1 when this one may not."""
        now = self._clock()
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = _Bucket(self._size, now)
            if len(self._buckets) > ADDRESSES_MAX:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(address)
            refill = (now - bucket.since) * self.per_second
            bucket.tokens = min(self._size, bucket.tokens + refill)
            bucket.since = now
        if bucket.tokens < 1:
            return -1
        bucket.tokens -= 1
        return int(bucket.tokens)


class ConnectionLimit:
    """Counts open connections, all together and for each address."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._open: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """Connections that are open."""
        return self._open.total()

    def enter(self, address: str) -> bool:
        """Count a new connection; False when there is no room for it."""
        if self.total >= self._most or self._open[address] >= self._most_per_address:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """A connection that was let in has ended."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]
