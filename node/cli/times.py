"""Times as people read them on a terminal, and as programs read them in a pipe."""

import sys

from chain.scalars import UnixMillis
from chain.wording import format_time
from node.clock import now_ms


def format_age(time_ms: object) -> str:
    """Write how long ago a time was; the time itself in a pipe; "never" for None."""
    if not isinstance(time_ms, int):
        return "never"
    if not sys.stdout.isatty():
        return f"at {format_time(UnixMillis(time_ms))}"
    seconds = max(0, now_ms() - time_ms) / 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.1f} s ago"
