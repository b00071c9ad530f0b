"""The clocks of a simulation: timers run on virtual time, which is even; what a node reads is not.

A wall clock is off by a constant, jumps, or stands still. It is asked for the time of events and
for the times inside votes, never for how long a timer takes.
"""

from collections.abc import Callable, Iterable

from chain.scalars import UnixMillis
from tests.unit.node.replica.network import START_MS


class Clock:
    """The wall clock of one machine.

    `low_ms` and `high_ms` bound what was read since `forget`.
    """

    def __init__(self, monotonic_ms: Callable[[], int]) -> None:
        self._monotonic_ms = monotonic_ms
        self._offset_ms = 0
        self._frozen_ms: UnixMillis | None = None
        self.low_ms = self.high_ms = self._last_ms = UnixMillis(START_MS + monotonic_ms())

    def read(self) -> UnixMillis:
        """Give the time that this machine believes it is."""
        reading = self._frozen_ms
        if reading is None:
            reading = UnixMillis(START_MS + self._monotonic_ms() + self._offset_ms)
        self._last_ms = reading
        if reading < self.low_ms:
            self.low_ms = reading
        elif reading > self.high_ms:
            self.high_ms = reading
        return reading

    def jump(self, by_ms: int) -> None:
        """Set the clock forward or back."""
        self._offset_ms += by_ms

    def freeze(self) -> None:
        """Let it stand still."""
        self._frozen_ms = self.read()

    def thaw(self) -> None:
        """Let it run again; it then shows the time it would have shown."""
        self._frozen_ms = None

    def forget(self, times_ms: Iterable[UnixMillis]) -> None:
        """Start `low_ms` and `high_ms` anew, from the last reading and these times."""
        times = [self._last_ms, *times_ms]
        self.low_ms, self.high_ms = min(times), max(times)
