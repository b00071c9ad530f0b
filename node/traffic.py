"""Rates for people: how many readings a second were committed lately."""

from collections import deque
from typing import Final

from chain.scalars import UnixMillis

WINDOW_MS: Final = 10_000


class UpdateRate:
    """Counts readings over a sliding window."""

    def __init__(self) -> None:
        self._counts: deque[tuple[UnixMillis, int]] = deque()
        self._total = 0

    def add(self, now_ms: UnixMillis, count: int) -> None:
        """`count` readings were committed at `now_ms`."""
        self._counts.append((now_ms, count))
        self._total += count
        self._drop(now_ms)

    def per_second(self, now_ms: UnixMillis) -> float:
        """Give the mean over the window."""
        self._drop(now_ms)
        return self._total / (WINDOW_MS / 1000)

    def _drop(self, now_ms: UnixMillis) -> None:
        while self._counts and self._counts[0][0] <= now_ms - WINDOW_MS:
            self._total -= self._counts.popleft()[1]
