"""Who decides which height: the validators of every height, what is planned, what changed when."""

from collections import OrderedDict
from threading import Lock
from typing import Final

from chain.errors import Corruption
from chain.scalars import HEIGHT_MAX, Height
from chain.validators import ValidatorSet
from contracts import state_keys
from contracts.governance_records import CommitteeRecord
from contracts.state import decode_record
from node.reader.paging import Page, PageRequest, collect
from node.replica import keys
from node.replica.ports import Column, Store

_KNOWN_MAX: Final = 64
_PLACE_SIZE: Final = 8


class CommitteeReader:
    """Reads the validators of any height; safe from several threads.

    The state keeps every set that ever was, so neither pruned blocks nor the length of the chain
    matter.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._known: OrderedDict[bytes, CommitteeRecord] = OrderedDict()

    def at(self, height: Height) -> ValidatorSet:
        """Give who decides a height, also one to come.

        Raises: Corruption: VT-6012, the state holds no validators.
        """
        return self.record_at(height).validators

    def record_at(self, height: Height) -> CommitteeRecord:
        """Give the record of the validators of a height: since when, and why they.

        Raises: Corruption: VT-6012, the state holds no validators.
        """
        _, stop = state_keys.prefix_range(state_keys.committees_prefix())
        start = state_keys.committee_key(Height(max(1, height)))
        for key, value in self._store.range(Column.STATE, start, stop):
            return self._decode(key, value)
        raise Corruption("VT-6012", reason="the state holds no validators")

    def planned(self, after: Height) -> tuple[CommitteeRecord, ...]:
        """Give the sets that come into force above a height, the first one first."""
        start = state_keys.committee_key(Height(HEIGHT_MAX))
        stop = state_keys.committee_key(after)
        rows = self._store.range(Column.STATE, start, stop, reverse=True)
        return tuple(self._decode(key, value) for key, value in rows)

    def changes(self, request: PageRequest) -> Page[CommitteeRecord]:
        """Give all sets that ever were and those that are planned, the newest first."""
        prefix = state_keys.committees_prefix()
        start, stop = state_keys.prefix_range(prefix)
        place = request.position(_PLACE_SIZE)
        if place is not None:
            start = prefix + place + b"\0"
        rows = (
            (key[len(prefix) :], self._decode(key, value))
            for key, value in self._store.range(Column.STATE, start, stop)
        )
        return collect(rows, request.limit, lambda record: record)

    def steps_to(self, height: Height) -> tuple[bytes, ...]:
        """Give the encoded steps that lead from genesis to the validators of a decided height."""
        start, stop = keys.committee_step(Height(0)), keys.committee_step(height)
        return tuple(step for _, step in self._store.range(Column.BLOCKS, start, stop))

    def _decode(self, key: bytes, value: bytes) -> CommitteeRecord:
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        record = decode_record(value, CommitteeRecord)
        with self._lock:
            self._known[key] = record
            if len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)
        return record
