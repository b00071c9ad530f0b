"""Time series of a twin's property, read from the readings in the blocks.

Readings stand in their transactions only, and a device may report late, so finding those of a
time span means looking at all transactions of the twin. What was read once is kept in memory for
the next question, within a bound; a question reads at most `ROWS_READ_MAX` transactions more, the
newest first, and says when older ones are still missing.
"""

from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from threading import Lock
from typing import Final

from chain.operations import Telemetry
from chain.scalars import TwinId, UnixMillis
from node.reader.blocks import BlockReader
from node.reader.downsample import Point, thin_out
from node.reader.paging import ROWS_READ_MAX
from node.replica import keys
from node.replica.ports import Column, Store

POINTS_KEPT_MAX: Final = 500_000
_PLACE_END: Final = b"\xff" * 13
_time_of: Final = attrgetter("time_ms")


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one property in order of time.

    `is_downsampled` says that points were left out; `is_complete` that all older ones were read
    which this node keeps.
    """

    points: Sequence[Point]
    first_ms: UnixMillis
    last_ms: UnixMillis
    is_downsampled: bool
    is_complete: bool


@dataclass(slots=True)
class _Known:
    """What was read of one twin: everything between two places of its history."""

    newest: bytes = b""
    oldest: bytes = _PLACE_END
    is_complete: bool = False
    count: int = 0
    points: defaultdict[str, list[Point]] = field(default_factory=lambda: defaultdict(list))
    unsorted: set[str] = field(default_factory=set)


class SeriesReader:
    """Reads series; safe from several threads, one at a time."""

    def __init__(self, store: Store, blocks: BlockReader) -> None:
        self._store = store
        self._blocks = blocks
        self._lock = Lock()
        self._twins: OrderedDict[TwinId, _Known] = OrderedDict()

    def get(
        self,
        twin: TwinId,
        name: str,
        from_ms: UnixMillis | None,
        to_ms: UnixMillis | None,
        count_max: int,
    ) -> Series:
        """Give the readings of a property between two times, both included.

        Args: from_ms, to_ms: None for as far as there are readings; count_max: most points.
        """
        with self._lock:
            known = self._twins.setdefault(twin, _Known())
            self._twins.move_to_end(twin)
            known = self._read_newer(twin, known)
            points = self._sorted(known, name)
            self._forget_some()
            begin = 0 if from_ms is None else bisect_left(points, from_ms, key=_time_of)
            end = len(points) if to_ms is None else bisect_right(points, to_ms, key=_time_of)
            wanted = points[begin:end]
        thinned = thin_out(wanted, count_max)
        first = wanted[0].time_ms if wanted else UnixMillis(0)
        last = wanted[-1].time_ms if wanted else UnixMillis(0)
        return Series(
            thinned,
            first if from_ms is None else from_ms,
            last if to_ms is None else to_ms,
            len(thinned) < len(wanted),
            known.is_complete,
        )

    def _read_newer(self, twin: TwinId, known: _Known) -> _Known:
        """Take in what was added since, then what is older than all that is known."""
        if known.newest:
            added = list(islice(self._rows(twin, known.newest + b"\0", None), ROWS_READ_MAX + 1))
            if len(added) > ROWS_READ_MAX:  # too far behind: begin anew at the newest
                self._twins[twin] = known = _Known()
            else:
                self._take_in(twin, known, added)
        if known.is_complete:
            return known
        older = list(islice(self._rows(twin, None, known.oldest), ROWS_READ_MAX + 1))
        known.is_complete = len(older) <= ROWS_READ_MAX
        self._take_in(twin, known, older[:ROWS_READ_MAX])
        return known

    def _rows(self, twin: TwinId, start: bytes | None, stop: bytes | None) -> Iterator[bytes]:
        """Give places of the twin's history: onwards from `start`, or back from `stop`."""
        prefix = keys.twin_prefix(twin)
        rows = self._store.range(
            Column.INDEX,
            prefix + (start or b""),
            prefix + (stop or _PLACE_END),
            reverse=start is None,
        )
        return (key[len(prefix) :] for key, _ in rows)

    def _take_in(self, twin: TwinId, known: _Known, places: Sequence[bytes]) -> None:
        for place in places:
            known.newest = max(known.newest, place)
            known.oldest = min(known.oldest, place)
            found = self._blocks.kept_at(*keys.decode_place(place))
            if found is None or not found.receipt.is_ok:
                continue
            if not isinstance(found.operation, Telemetry):
                continue
            for batch in found.operation.batches:
                if batch.twin != twin:
                    continue
                for reading in batch.readings:
                    known.points[reading.property].append(
                        Point(reading.time_ms, reading.value, found.id)
                    )
                    known.unsorted.add(reading.property)
                known.count += len(batch.readings)

    @staticmethod
    def _sorted(known: _Known, name: str) -> list[Point]:
        if name not in known.points:
            return []
        if name in known.unsorted:
            # A reading that was sent twice is one point.
            known.points[name] = sorted(
                {(one.time_ms, one.value): one for one in reversed(known.points[name])}.values()
            )
            known.unsorted.discard(name)
        return known.points[name]

    def _forget_some(self) -> None:
        total = sum(known.count for known in self._twins.values())
        while total > POINTS_KEPT_MAX and len(self._twins) > 1:
            _, dropped = self._twins.popitem(last=False)
            total -= dropped.count
