"""How fast to play data when the user does not say."""

from itertools import pairwise
from statistics import median
from typing import Final

from node.ingest.source import Feed

SECONDS_PER_RECORD: Final = 0.25
SAMPLE: Final = 2_000


def choose_speed(feed: Feed) -> float:
    """Give the speed at which a record of each twin goes out every quarter of a second."""
    times = sorted({record.time_ms for record in feed.records[:SAMPLE]})
    steps = [late - early for early, late in pairwise(times)]
    if not steps:
        return 1.0
    return median(steps) / 1000 / SECONDS_PER_RECORD
