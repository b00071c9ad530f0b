"""A time that only goes forward, to measure how long something has been waited for.

The time inside events is the machine's wall clock. When somebody sets it back by an hour, a request
that times out after two seconds must not be waited for until the hour is over.
"""

from chain.scalars import UnixMillis


class SteadyTime:
    """Follows the wall clock forward, and stands still for the moment when it is set back."""

    def __init__(self) -> None:
        self._wall_ms = UnixMillis(0)
        self._steady_ms = UnixMillis(0)

    def follow(self, wall_ms: UnixMillis) -> UnixMillis:
        """Note what the wall clock shows; give the steady time, whose differences are waits."""
        self._steady_ms = UnixMillis(self._steady_ms + max(0, wall_ms - self._wall_ms))
        self._wall_ms = wall_ms
        return self._steady_ms
