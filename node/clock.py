"""The one place that reads clocks, and the one way in which people's times are read.

Timers use the monotonic clock; the wall clock is for votes' times and for people. Both are given
on as values or as these functions, so tests can put their own in place. Times are written by
`chain.wording.format_time`.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from chain.errors import InvalidInput
from chain.scalars import HEIGHT_MAX, UnixMillis

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})"
)


def now_ms() -> UnixMillis:
    """Give the wall clock: milliseconds since 1970, UTC. It may jump."""
    return UnixMillis(time.time_ns() // 1_000_000)


def monotonic_ms() -> int:
    """Give a clock in milliseconds that never jumps; only differences mean something."""
    return time.monotonic_ns() // 1_000_000


def monotonic_seconds() -> float:
    """Give a clock in seconds that never jumps; only differences mean something."""
    return time.monotonic()


def parse_time(text: str) -> UnixMillis:
    """Read a time written as RFC 3339 (with an offset) or as Unix milliseconds.

    Raises: InvalidInput: VT-7002, it is neither.
    """
    if text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= HEIGHT_MAX:
        return UnixMillis(int(text))
    try:
        if not _RFC3339.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text.replace("z", "Z").replace("t", "T"))
        return UnixMillis((moment - _EPOCH) // _MILLISECOND)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            "VT-7002",
            parameter="time",
            reason=f"{text[:40]!r} is neither RFC 3339, like 2026-01-31T12:00:00Z, nor Unix ms",
        ) from error
