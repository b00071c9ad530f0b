"""Giving the state of a height to a node that joins, from what is stored anyway: there is no copy.

The tree column has every tree from the base on, and its leaves lead to keys and values. So any
height above the base can be given; what is offered is the newest multiple of an interval, so that
peers offer the same one.
"""

from typing import Final

from chain.codec import encode
from chain.committee_steps import CommitteeStep
from chain.errors import Corruption
from chain.genesis import Limits
from chain.log_range import LogRange, build_log_range
from chain.scalars import Hash, Height, UnixMillis
from chain.state_chunk import CHUNK_SIZE_BYTES, Place, build_chunk
from node.replica.head import Head
from node.replica.messages import (
    BLOCKS_BYTES_TARGET,
    STEPS_PER_MESSAGE_MAX,
    GivenHeaders,
    GivenIds,
    GivenPart,
    GivenState,
    HeadersPart,
    IdsPart,
    Offer,
    Part,
    PartName,
    PartRequest,
    SnapshotOffer,
    StatePart,
    Steps,
    StepsRequest,
)
from node.replica.past import (
    load_base,
    load_block,
    load_certificate,
    load_header,
    load_ids,
    load_log_size,
    load_steps,
)
from node.replica.ports import Store
from node.replica.stored_log import StoredLog
from node.replica.stored_tree import StoredTree

HOLD_MS: Final = 30_000
"""How long after a request the state is kept for the next one."""
HOLD_MS_MAX: Final = 900_000
"""How long one state is kept, however often it is asked for."""


class SnapshotServer:
    """Answers the questions of nodes that join.

    Args: interval: offered heights are multiples of it, if they can be given.
    """

    def __init__(self, store: Store, limits: Limits, interval: int) -> None:
        self._store = store
        self._tree = StoredTree(store)
        self._window = limits.expiry_window_blocks
        self._interval = interval
        self._held: Height | None = None
        self._held_since_ms = UnixMillis(0)
        self._asked_ms = UnixMillis(0)

    def offer(self, head: Head) -> SnapshotOffer:
        """Offer the newest multiple of the interval; where too little of it is kept, the newest."""
        height = Height((head.height - 1) // self._interval * self._interval)
        if not self._can_give(height, head):
            # Blocks that are gone nobody can fetch instead, and the chain may wait for who asks.
            height = Height(head.height - 1)
            if load_base(self._store).height == 0 or not self._can_give(height, head):
                return SnapshotOffer(None)
        header = load_header(self._store, height)
        following = load_block(self._store, Height(height + 1))
        certificate = load_certificate(self._store, Height(height + 1))
        if header is None or following is None or certificate is None:
            raise Corruption("VT-3040", height=height)
        before = following.previous_certificate
        assert before is not None, "only the first block has none"
        return SnapshotOffer(Offer(header, before, following.header, certificate))

    def steps(self, request: StepsRequest, head: Head) -> Steps:
        """Give changes of the validators, about 1 MiB of them."""
        found: list[CommitteeStep] = []
        size = 0
        last = Height(min(request.last, head.height))
        for step in load_steps(self._store, request.after, last):
            size += len(encode(step))
            if found and (size > BLOCKS_BYTES_TARGET or len(found) == STEPS_PER_MESSAGE_MAX):
                break
            found.append(step)
        return Steps(tuple(found))

    def part(self, request: PartRequest, head: Head, now_ms: UnixMillis) -> Part:
        """Give a part of the state of a height, and hold on to that state for a while.

        Raises: Corruption: the store is damaged.
        """
        if not self._can_give(request.height, head):
            return Part(request.height, request.part, None)
        self._hold(request.height, now_ms)
        return Part(request.height, request.part, self._read(request.part, request.height))

    def held(self, now_ms: UnixMillis) -> Height | None:
        """Give the height whose state is being given, which must not be pruned; None for none."""
        is_wanted = now_ms - self._asked_ms <= HOLD_MS
        return self._held if is_wanted and now_ms - self._held_since_ms <= HOLD_MS_MAX else None

    def _hold(self, height: Height, now_ms: UnixMillis) -> None:
        if self._held is None or height > self._held:
            self._held = height
            self._held_since_ms = now_ms
        self._asked_ms = now_ms

    def _can_give(self, height: Height, head: Head) -> bool:
        base = load_base(self._store)
        return (
            max(1, base.height) <= height < head.height
            and max(0, height - self._window) >= base.reach
        )

    def _read(self, part: PartName, height: Height) -> GivenPart | None:
        match part:
            case StatePart(depth, prefix):
                return self._read_state(Place(depth, prefix), height)
            case HeadersPart(last, count):
                return self._read_headers(last, count)
            case IdsPart(first, count):
                return self._read_ids(first, count, height)

    def _read_state(self, place: Place, height: Height) -> GivenState | None:
        header = load_header(self._store, height)
        if header is None or not place.exists:
            return None
        pairs = self._tree.pairs_at(height)
        chunk = build_chunk(header.state_root, place, self._tree.node, pairs, CHUNK_SIZE_BYTES)
        return None if chunk is None else GivenState(chunk)

    def _read_headers(self, last: Height, count: int) -> GivenHeaders | None:
        found = []
        for number in range(last, max(0, last - count), -1):
            header = load_header(self._store, Height(number))
            if header is None:
                break
            found.append(header)
        return GivenHeaders(tuple(reversed(found))) if found else None

    def _read_ids(self, first: int, count: int, height: Height) -> GivenIds | None:
        header = load_header(self._store, height)
        if header is None or first + count > header.tx_log_size:
            return None
        ids = self._find_ids(first, count, height)
        return None if ids is None else GivenIds(self._prove(first, ids, header.tx_log_size))

    def _prove(self, first: int, ids: tuple[Hash, ...], size: int) -> LogRange:
        return build_log_range(first, ids, size, StoredLog(self._store).root)

    def _find_ids(self, first: int, count: int, last: Height) -> tuple[Hash, ...] | None:
        """Read the ids from number `first` on; None when they are no longer known."""
        reach = load_base(self._store).reach
        if first < load_log_size(self._store, reach):
            return None
        if count == 0:
            return ()
        height = self._find_height(first, reach, last)
        found: list[Hash] = []
        start = None
        for number in range(height, last + 1):
            ids = load_ids(self._store, Height(number))
            header = load_header(self._store, Height(number))
            if ids is None or header is None:
                return None
            if start is None:
                start = header.tx_log_size - len(ids)
            found.extend(ids)
            if start + len(found) >= first + count:
                break
        if start is None or start > first:
            return None
        return tuple(found[first - start : first - start + count])

    def _find_height(self, index: int, low: Height, high: Height) -> Height:
        """Give the lowest height whose log is larger than `index`, above `low`."""
        below, above = int(low), int(high)
        while above - below > 1:
            middle = (below + above) // 2
            header = load_header(self._store, Height(middle))
            if header is not None and header.tx_log_size > index:
                above = middle
            else:
                below = middle
        return Height(above)
