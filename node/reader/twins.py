"""Twins: now, at any past height, in lists, and what happened to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Final

from chain.scalars import Height, OrganisationId, TwinId
from contracts import state_keys
from contracts.context import NATIVE_SOURCE
from contracts.records import TwinRecord
from contracts.state import decode_record
from node.reader.blocks import BlockReader, StoredTransaction
from node.reader.paging import Page, PageRequest, collect
from node.replica import keys
from node.replica.ports import Column, Store
from node.replica.stored_tree import read_state_at

CHILDREN_MAX: Final = 1_000
PARTS_MAX: Final = 1_000
"""Most parts, at whatever depth, that are looked at for their actions."""
PAST_PARTS_MAX: Final = 100
"""The same at a past height, where finding the parts of one twin takes over a hundred searches."""
_RECOUNT_BLOCKS: Final = 200
_FIRST_OF_PLACE: Final = 12
_TWIN_ID_SIZE_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class TwinAt:
    """A twin as it was at a height; `children` are the twins that were its parts.

    `busy_parts` are its parts and theirs, at whatever depth, that had unfinished actions, the
    nearest first; `is_complete` is false when it had too many parts to look at all of them.
    """

    record: TwinRecord
    height: Height
    children: tuple[TwinId, ...]
    busy_parts: tuple[TwinRecord, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class TwinFilter:
    """Which twins are wanted; None lets all through. `text` is looked for in id and description."""

    model: str | None = None
    owner: OrganisationId | None = None
    kind: str | None = None
    text: str | None = None

    def lets_through(self, twin: TwinRecord) -> bool:
        """Tell whether a twin is wanted."""
        return (
            self.model in (None, twin.model)
            and self.owner in (None, twin.owner)
            and self.kind in (None, twin.kind)
            and (self.text is None or self.text.lower() in f"{twin.id} {twin.description}".lower())
        )


class TwinReader:
    """Reads twins; safe from several threads."""

    def __init__(self, store: Store, blocks: BlockReader) -> None:
        self._store = store
        self._blocks = blocks
        self._lock = Lock()
        self._counted: tuple[Height, int] | None = None

    def get(self, twin: TwinId, height: Height) -> TwinRecord | None:
        """Give a twin as it was at a height, or None when it was not registered yet."""
        data = read_state_at(self._store, state_keys.twin_key(twin), height)
        return None if data is None else decode_record(data, TwinRecord)

    def get_with_parts(self, twin: TwinId, height: Height) -> TwinAt | None:
        """Give a twin with its parts at that height, or None."""
        record = self.get(twin, height)
        if record is None:
            return None
        is_past = height < self._blocks.head().height
        limit = PAST_PARTS_MAX if is_past else PARTS_MAX
        parts = list(islice(self._parts(twin, height, is_past), limit + 1))
        children = self._children(twin, height, is_past) if len(parts) > limit else parts
        return TwinAt(
            record,
            height,
            tuple(part.id for part in children if part.parent == twin),
            tuple(part for part in parts[:limit] if part.status != "normal"),
            len(parts) <= limit,
        )

    def _parts(self, twin: TwinId, height: Height, is_past: bool) -> Iterator[TwinRecord]:
        """Give the parts of a twin, then theirs, level by level."""
        level = [twin]
        while level:
            deeper = []
            for parent in level:
                for part in self._children(parent, height, is_past):
                    yield part
                    deeper.append(part.id)
            level = deeper

    def _children(self, twin: TwinId, height: Height, is_past: bool) -> Iterator[TwinRecord]:
        names = self._past_children(twin) if is_past else self._present_children(twin)
        for name in islice(names, CHILDREN_MAX):
            child = self.get(name, height)
            if child is not None and child.parent == twin:
                yield child

    def page(self, wanted: TwinFilter, request: PageRequest) -> Page[TwinRecord]:
        """Give the present twins in order of their ids."""
        start, stop = state_keys.prefix_range(state_keys.twins_prefix())
        place = request.position()
        if place is not None:
            start = start + place + b"\0"
        size = len(state_keys.twins_prefix())
        rows = (
            (key[size:], decode_record(value, TwinRecord))
            for key, value in self._store.range(Column.STATE, start, stop)
        )
        return collect(
            rows, request.limit, lambda twin: twin if wanted.lets_through(twin) else None
        )

    def history(self, twin: TwinId, request: PageRequest) -> Page[StoredTransaction]:
        """Give the transactions that touched a twin and are kept, newest first."""
        prefix = keys.twin_prefix(twin)
        place = request.position(_FIRST_OF_PLACE)
        stop = prefix + (place if place is not None else b"\xff" * (_FIRST_OF_PLACE + 1))
        rows = (
            (key[len(prefix) :], keys.decode_place(key[len(prefix) :]))
            for key, _ in self._store.range(Column.INDEX, prefix, stop, reverse=True)
        )
        return collect(rows, request.limit, lambda at: self._blocks.kept_at(*at))

    def _present_children(self, twin: TwinId) -> Iterator[TwinId]:
        start, stop = state_keys.prefix_range(state_keys.children_prefix(twin))
        for key, _ in self._store.range(Column.STATE, start, stop):
            yield TwinId(key[len(start) :].decode())

    def _past_children(self, twin: TwinId) -> list[TwinId]:
        """Give every twin that ever was a part: keys of the history begin with their length."""
        prefix = state_keys.children_prefix(twin)
        names: dict[TwinId, None] = {}
        for size in range(len(prefix) + 1, len(prefix) + 1 + _TWIN_ID_SIZE_MAX):
            start = size.to_bytes(2, "big") + prefix
            for key, _ in self._store.range(Column.HISTORY, start, keys.after(start)):
                names[TwinId(key[len(start) : size + 2].decode())] = None
                if len(names) >= CHILDREN_MAX:
                    break
        return sorted(names)

    def count(self) -> int:
        """Count all twins; the newest blocks are added to the last count where possible."""
        with self._lock:
            head = self._blocks.head().height
            oldest = max(self._blocks.base(), head - _RECOUNT_BLOCKS)
            if self._counted is None or self._counted[0] < oldest:
                start, stop = state_keys.prefix_range(state_keys.twins_prefix())
                total = sum(1 for _ in self._store.range(Column.STATE, start, stop))
                self._counted = (head, total)
            known, total = self._counted
            for number in range(known + 1, head + 1):
                receipts = self._blocks.require(Height(number)).receipts
                total += sum(
                    event.source == NATIVE_SOURCE and event.name == "twin_registered"
                    for receipt in receipts
                    for event in receipt.events
                )
            self._counted = (head, total)
            return total
