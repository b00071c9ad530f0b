"""What of a snapshot is still to be fetched, and what came: each part is checked as it comes.

Three kinds of parts: keys and values of the state, one subtree at a time; headers, backwards from
the snapshot's as far as a transaction can be repeated, each named by the one after it; ids of the
transactions since then. What holds is stored at once, so a power cut costs only what was on its
way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar, assert_never

from chain.block import Header, compute_block_hash
from chain.codec import decode, encode
from chain.errors import Corruption, InvalidInput
from chain.hashing import EMPTY_HASH
from chain.log_range import IDS_PER_RANGE_MAX, LogRange, check_log_range
from chain.scalars import Height
from chain.state_chunk import ROOT, WHOLE, Place, StateChunk, check_chunk
from node.replica import keys
from node.replica.messages import (
    HEADERS_PER_PART_MAX,
    GivenHeaders,
    GivenIds,
    GivenPart,
    GivenState,
    HeadersPart,
    IdsPart,
    PartName,
    StatePart,
)
from node.replica.ports import Column, Put, Store
from node.replica.snapshot_plan import Plan

T = TypeVar("T")

CHUNK_RECORD_SIZE_MAX: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class SnapshotProgress:
    """How far loading has come.

    `done` and `known` count parts; more become known when a large one comes in pieces.
    `state_permille` says how much of the state is here.
    """

    height: Height
    done: int
    known: int
    size_bytes: int
    state_permille: int


class SnapshotWork:
    """The parts of one plan.

    Args: window: for how many blocks a transaction can be repeated.
    """

    def __init__(self, plan: Plan, window: int) -> None:
        header = plan.header
        self.plan = plan
        self.lowest = Height(max(0, header.height - window))
        """The height above which ids are wanted; a header is wanted of it and of those above."""
        self._places: list[Place] = [ROOT]
        self._before = header.previous
        self._next_header = Height(header.height - 1)
        self._first_id = 0
        self._ranges: list[IdsPart] = []
        self._taken: set[PartName] = set()
        self._done = 0
        self._size_bytes = 0
        self._covered = 0
        self._begin_ids()

    @classmethod
    def resume(cls, plan: Plan, window: int, store: Store) -> "SnapshotWork":
        """Go on with what the store has of a plan.

        Raises: Corruption: VT-6012, what was stored does not decode.
        """
        work = cls(plan, window)
        work._restore_headers(store)
        work._restore_ids(store)
        work._restore_chunks(store)
        return work

    @property
    def is_done(self) -> bool:
        """Whether every part is here."""
        return not (self._taken or self._places or self._ranges) and not self._needs_headers

    @property
    def progress(self) -> SnapshotProgress:
        """How far it has come."""
        waiting = len(self._places) + len(self._ranges) + len(self._taken) + self._needs_headers
        return SnapshotProgress(
            self.plan.height,
            self._done,
            self._done + waiting,
            self._size_bytes,
            self._covered * 1000 // WHOLE,
        )

    def take(self) -> PartName | None:
        """Name a part to ask for now; None when all others are being asked for."""
        part: PartName | None = None
        if self._needs_headers and not any(isinstance(one, HeadersPart) for one in self._taken):
            part = self._headers_part()
        elif self._ranges:
            part = self._ranges.pop()
        elif self._places:
            part = StatePart(*self._places.pop())
        if part is not None:
            self._taken.add(part)
        return part

    def give_back(self, part: PartName) -> None:
        """A part did not come: somebody else is to be asked."""
        self._taken.discard(part)
        match part:
            case StatePart(depth, prefix):
                self._places.append(Place(depth, prefix))
            case IdsPart():
                self._ranges.append(part)
            case HeadersPart():
                pass
            case _:
                assert_never(part)

    def accept(self, part: PartName, given: GivenPart) -> list[Put]:
        """Check what came for a part; give what to store.

        Raises: InvalidInput: VT-1307 or VT-1311, it does not hold; the part is wanted as before.
        """
        match part, given:
            case StatePart(depth, prefix), GivenState(chunk):
                puts = self._accept_chunk(Place(depth, prefix), chunk)
            case HeadersPart(), GivenHeaders(headers):
                puts = self._accept_headers(part, headers)
            case IdsPart(), GivenIds(ids):
                puts = self._accept_ids(part, ids)
            case _:
                raise InvalidInput("VT-1307", reason="it is no answer to what was asked")
        self._taken.discard(part)
        self._done += 1
        self._size_bytes += sum(len(put.value or b"") for put in puts)
        return puts

    # The state

    def _accept_chunk(self, wanted: Place, chunk: StateChunk) -> list[Put]:
        place = chunk.place
        root = self.plan.header.state_root
        if place.depth < wanted.depth or place.ancestor(wanted.depth) != wanted:
            raise InvalidInput("VT-1307", reason="the chunk is of another place")
        if not chunk.pairs and root != EMPTY_HASH:
            raise InvalidInput("VT-1307", reason="the chunk holds nothing")
        check_chunk(root, chunk)
        self._note_chunk(chunk, wanted)
        return [Put(Column.META, keys.snapshot_chunk(*place), encode(chunk))]

    def _note_chunk(self, chunk: StateChunk, wanted: Place) -> None:
        """Count a chunk; what lies beside it, below the place that was asked for, comes next."""
        beside = list(chunk.beside(wanted.depth))
        self._places.extend(beside)
        self._covered += wanted.share - sum(place.share for place in beside)

    def _restore_chunks(self, store: Store) -> None:
        covered: set[Place] = set()
        entered: set[Place] = set()
        beside: set[Place] = set()
        for chunk in load_chunks(store):
            place = chunk.place
            covered.add(place)
            entered.update(place.ancestor(depth) for depth in range(place.depth))
            beside.update(chunk.beside())
            self._done += 1
            self._size_bytes += chunk.size_bytes
        if not covered:
            return
        self._places = sorted(beside - covered - entered)
        self._covered = WHOLE - sum(place.share for place in self._places)

    # Headers

    @property
    def _needs_headers(self) -> bool:
        return self._next_header >= max(1, self.lowest)

    def _headers_part(self) -> HeadersPart:
        count = self._next_header - max(1, self.lowest) + 1
        return HeadersPart(self._next_header, min(count, HEADERS_PER_PART_MAX))

    def _accept_headers(self, part: HeadersPart, headers: tuple[Header, ...]) -> list[Put]:
        if not 1 <= len(headers) <= part.count:
            raise InvalidInput("VT-1307", reason=f"{len(headers)} headers are not what was asked")
        height, before = part.last, self._before
        for header in reversed(headers):
            if header.height != height or compute_block_hash(header) != before:
                raise InvalidInput(
                    "VT-1311", height=header.height, reason="the one after it names another"
                )
            height, before = Height(height - 1), header.previous
        self._next_header, self._before = height, before
        self._note_lowest(headers[0])
        return [Put(Column.BLOCKS, keys.header(one.height), encode(one)) for one in headers]

    def _note_lowest(self, header: Header) -> None:
        if header.height == self.lowest:
            self._first_id = header.tx_log_size
        self._begin_ids()

    def _restore_headers(self, store: Store) -> None:
        while self._needs_headers:
            data = store.get(Column.BLOCKS, keys.header(self._next_header))
            if data is None:
                return
            header = _decode_stored(data, Header)
            if compute_block_hash(header) != self._before:
                return
            self._next_header, self._before = Height(header.height - 1), header.previous
            self._size_bytes += len(data)
            self._note_lowest(header)

    # Ids

    def _begin_ids(self) -> None:
        """Once all headers are here, it is known which ids are wanted."""
        if self._needs_headers:
            return
        size = self.plan.header.tx_log_size
        starts = list(range(self._first_id, size, IDS_PER_RANGE_MAX)) or [size]
        self._ranges = [IdsPart(start, min(IDS_PER_RANGE_MAX, size - start)) for start in starts]

    def _accept_ids(self, part: IdsPart, ids: LogRange) -> list[Put]:
        if (ids.first, len(ids.ids)) != (part.first, part.count):
            raise InvalidInput("VT-1307", reason="the ids are not those that were asked for")
        header = self.plan.header
        check_log_range(ids, header.tx_log_size, header.tx_log_root)
        return [Put(Column.META, keys.snapshot_ids(part.first), encode(ids))]

    def _restore_ids(self, store: Store) -> None:
        left = []
        for part in self._ranges:
            data = store.get(Column.META, keys.snapshot_ids(part.first))
            if data is None:
                left.append(part)
            else:
                self._done += 1
                self._size_bytes += len(data)
        self._ranges = left


def load_chunks(store: Store) -> Iterator[StateChunk]:
    """Read all chunks that were stored, one at a time.

    Raises: Corruption: VT-6012, one does not decode.
    """
    for _, data in store.range(Column.META, keys.SNAPSHOT_CHUNKS, keys.after(keys.SNAPSHOT_CHUNKS)):
        yield _decode_stored(data, StateChunk)


def load_ranges(store: Store) -> Iterator[LogRange]:
    """Read all stretches of the log that were stored, in order.

    Raises: Corruption: VT-6012, one does not decode.
    """
    for _, data in store.range(Column.META, keys.SNAPSHOT_IDS, keys.after(keys.SNAPSHOT_IDS)):
        yield _decode_stored(data, LogRange)


def name_staged(store: Store) -> list[Put]:
    """Give what deletes all that was stored of a snapshot's parts."""
    return [
        Put(Column.META, key, None)
        for prefix in (keys.SNAPSHOT_CHUNKS, keys.SNAPSHOT_IDS)
        for key, _ in store.range(Column.META, prefix, keys.after(prefix))
    ]


def _decode_stored(data: bytes, kind: type[T]) -> T:
    try:
        return decode(data, kind, CHUNK_RECORD_SIZE_MAX)
    except InvalidInput as error:
        raise Corruption("VT-6012", reason="a part of the snapshot does not decode") from error
