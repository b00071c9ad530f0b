"""A time that only goes forward, to measure how long something has been waited for.

The time inside events is the machine's wall clock. When somebody sets it back by an hour, a request
that times out after two seconds must not be waited for until the hour is over.

Events carry the time at which they came in. They may have waited since, and what never waits, or
overtakes others on its way in, is then followed by older times: that is no clock that was set back.
"""

from chain.scalars import UnixMillis
from node.replica.events import Confirmation, Event, is_first


class SteadyTime:
    """Follows the wall clock forward, and stands still for the moment when it is set back."""

    def __init__(self) -> None:
        self._arrival_ms = UnixMillis(0)
        self._set_back_ms = 0
        """By how much the wall clock was set back, in all."""
        self._steady_ms = UnixMillis(0)

    def follow(self, event: Event) -> UnixMillis:
        """Note the time of the next event; give the steady time, whose differences are waits."""
        if not isinstance(event, Confirmation) and not is_first(event):
            self._set_back_ms += max(0, self._arrival_ms - event.now_ms)
            self._arrival_ms = event.now_ms
        self._steady_ms = UnixMillis(max(self._steady_ms, event.now_ms + self._set_back_ms))
        return self._steady_ms
