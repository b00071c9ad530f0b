"""The state as operations see it: byte keys and values, with changes laid over what is committed.

`Overlay` collects what one block changes. Savepoints nest, so a refused transaction or a failed
contract leaves no trace. Records (frozen Structs) are decoded when first read and encoded once,
when the block asks for its writes: a hundred changes of one twin cost one encoding.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from chain.codec import encode
from chain.errors import Corruption

R = TypeVar("R", bound=Struct)


class StateView(Protocol):
    """Committed state at one height; it never changes while it is held."""

    def get(self, key: bytes) -> bytes | None:
        """Give the value under `key`, or None when there is none."""
        ...

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Give up to `limit` pairs with start <= key < stop, in ascending order of key."""
        ...


class MemoryView:
    """State in a dict, for tests, tools and the author's kit."""

    def __init__(self, pairs: dict[bytes, bytes] | None = None) -> None:
        self._pairs = dict(pairs or {})
        self._sorted = sorted(self._pairs)

    def get(self, key: bytes) -> bytes | None:
        """Give the value under `key`, or None when there is none."""
        return self._pairs.get(key)

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Give up to `limit` pairs with start <= key < stop, in ascending order of key."""
        first = bisect_left(self._sorted, start)
        last = bisect_left(self._sorted, stop)
        return [(key, self._pairs[key]) for key in self._sorted[first:last][: max(limit, 0)]]

    def apply(self, writes: dict[bytes, bytes | None]) -> "MemoryView":
        """Give the state after `writes`, as the next block sees it; None deletes."""
        pairs = dict(self._pairs)
        for key, value in writes.items():
            if value is None:
                pairs.pop(key, None)
            else:
                pairs[key] = value
        return MemoryView(pairs)


_FEW: Final = 64


class _Mark(Enum):
    UNWRITTEN = 0


_UNWRITTEN: Final = _Mark.UNWRITTEN
"""Looking up a member of an enum takes several times as long."""

_Written = bytes | Struct | None
"""What a layer holds for a key: bytes, a record that is not encoded yet, or None for deleted."""


class Overlay:
    """Changes laid over a view, with nested savepoints.

    Args: view: the state before the block; it is only read.
    """

    def __init__(self, view: StateView) -> None:
        self._view = view
        self._layers: list[dict[bytes, _Written]] = [{}]
        self._read: dict[bytes, bytes | None] = {}
        self._decoded: dict[bytes, Struct] = {}
        self._touched: list[bytes] = []
        """Every key that was ever written, sorted, but for those in `_unsorted`.

        Keys of undone writes stay and do no harm.
        """
        self._touched_set: set[bytes] = set()
        self._unsorted: list[bytes] = []
        self.committed: Iterable[bytes] = ()
        """The keys that the last savepoint kept."""

    @property
    def depth(self) -> int:
        """Number of savepoints that are open."""
        return len(self._layers) - 1

    @property
    def written(self) -> int:
        """Number of keys written since the last open savepoint."""
        return len(self._layers[-1])

    def begin(self) -> None:
        """Open a savepoint: the next `commit` or `rollback` belongs to it."""
        self._layers.append({})

    def commit(self) -> None:
        """Keep what was written since the last open savepoint, and close it."""
        assert self.depth > 0, "commit without begin"
        top = self._layers.pop()
        self._layers[-1].update(top)
        self.committed = top.keys()

    def rollback(self) -> None:
        """Undo what was written since the last open savepoint, and close it."""
        assert self.depth > 0, "rollback without begin"
        self._layers.pop()

    def get(self, key: bytes) -> bytes | None:
        """Give the value under `key`, or None when there is none."""
        written = self._find(key)
        if written is _UNWRITTEN:
            return self._read_view(key)
        return encode(written) if isinstance(written, Struct) else written

    def get_record(self, key: bytes, kind: type[R]) -> R | None:
        """Give the record under `key`, decoded; None when there is none.

        Raises: Corruption: VT-2090, the committed bytes are no such record.
        """
        written = self._find(key)
        if written is _UNWRITTEN:
            return self._read_record(key, kind)
        if written is None:
            return None
        if isinstance(written, Struct):
            assert isinstance(written, kind), "one key holds one kind of record"
            return written
        return decode_record(written, kind)

    def put(self, key: bytes, value: bytes) -> None:
        """Write bytes under `key`."""
        self._write(key, value)

    def put_record(self, key: bytes, record: Struct) -> None:
        """Write a record under `key`; it is encoded when the block asks for its writes."""
        self._write(key, record)

    def delete(self, key: bytes) -> None:
        """Remove `key`; nothing happens when it is not there."""
        self._write(key, None)

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Give up to `limit` pairs with start <= key < stop, in ascending order of key."""
        self._sort_touched()
        first = bisect_left(self._touched, start)
        last = bisect_left(self._touched, stop)
        if first >= last:
            return self._view.range(start, stop, limit)
        changed = {key: self.get(key) for key in self._touched[first:last]}
        # Each changed key can hide at most one pair of the view, so this many are enough.
        merged: dict[bytes, bytes | None] = dict(
            self._view.range(start, stop, limit + len(changed))
        )
        merged.update(changed)
        present = ((key, value) for key in sorted(merged) if (value := merged[key]) is not None)
        return list(islice(present, max(limit, 0)))

    def writes(self) -> dict[bytes, bytes | None]:
        """Give what differs from the view, sorted by key; None means removed.

        Raises: AssertionError: a savepoint is still open.
        """
        assert self.depth == 0, "a savepoint is still open"
        result: dict[bytes, bytes | None] = {}
        written = self._layers[0]
        for key in sorted(written):
            value = written[key]
            if isinstance(value, Struct):
                value = encode(value)
            if value != self._read_view(key):
                result[key] = value
        return result

    def _find(self, key: bytes) -> _Written | Literal[_Mark.UNWRITTEN]:
        if key not in self._touched_set:
            return _UNWRITTEN
        for layer in reversed(self._layers):
            written = layer.get(key, _UNWRITTEN)
            if written is not _UNWRITTEN:
                return written
        return _UNWRITTEN

    def _read_record(self, key: bytes, kind: type[R]) -> R | None:
        known = self._decoded.get(key)
        if known is not None:
            assert isinstance(known, kind), "one key holds one kind of record"
            return known
        data = self._read_view(key)
        if data is None:
            return None
        record = decode_record(data, kind)
        self._decoded[key] = record
        return record

    def _read_view(self, key: bytes) -> bytes | None:
        if key in self._read:
            return self._read[key]
        value = self._view.get(key)
        self._read[key] = value
        return value

    def _sort_touched(self) -> None:
        # Sorting looks at all keys, so few are put in their places one by one: who writes and asks
        # for a range in turn must not make others wait.
        if len(self._unsorted) > _FEW:
            self._touched.extend(self._unsorted)
            self._touched.sort()
        else:
            for key in self._unsorted:
                insort(self._touched, key)
        self._unsorted = []

    def _write(self, key: bytes, value: _Written) -> None:
        if key not in self._touched_set:
            self._touched_set.add(key)
            self._unsorted.append(key)
        self._layers[-1][key] = value


def decode_record(data: bytes, kind: type[R]) -> R:
    """Decode a state value that this program wrote.

    Raises: Corruption: VT-2090, the bytes are no such record.
    """
    try:
        record: R = _record_decoder(kind).decode(data)
    except msgspec.DecodeError as error:
        raise Corruption("VT-2090", kind=kind.__name__, size=len(data)) from error
    return record


@lru_cache(maxsize=64)
def _record_decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind, strict=True)
