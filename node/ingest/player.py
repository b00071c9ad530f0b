"""Says when to send which records; sleeping and sending are the caller's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from chain.scalars import TwinId, UnixMillis
from node.ingest.csv_source import Record


@dataclass(frozen=True, slots=True)
class Due:
    """What to send at one moment of the play.

    `delay_s` counts from the start of the play, not from the last moment, so that lateness of one
    moment does not add up. `groups` holds, for each gateway, its records of this moment.
    """

    delay_s: float
    time_ms: UnixMillis
    groups: tuple[tuple[TwinId, tuple[Record, ...]], ...]


def schedule(records: Iterable[Record], speed: float) -> Iterator[Due]:
    """Spread records over time as they were measured, `speed` times as fast.

    Every row twin has one gateway, named as the twin. Records of one time go out together.

    Args: records: in time order; speed: 1 is as it was, 600 plays ten minutes in a second.
    Raises: ValueError: `speed` is not above 0, or the records are not in time order.
    """
    if not speed > 0:
        raise ValueError(f"speed must be above 0, not {speed}")
    start: UnixMillis | None = None
    previous: UnixMillis | None = None
    for time_ms, moment in groupby(records, key=lambda record: record.time_ms):
        start = time_ms if start is None else start
        if previous is not None and time_ms < previous:
            raise ValueError("the records are not in time order")
        previous = time_ms
        groups: dict[TwinId, list[Record]] = {}
        for record in moment:
            groups.setdefault(record.twin, []).append(record)
        yield Due(
            delay_s=(time_ms - start) / (1000 * speed),
            time_ms=time_ms,
            groups=tuple((twin, tuple(items)) for twin, items in groups.items()),
        )
