"""What the replica needs of a store: reading by key and by range, and one atomic write.

`MemoryStore` is the second implementation, for tests and simulation.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, Protocol, get_args

from msgspec import Struct


class Column(StrEnum):
    """A key space of its own (a RocksDB column family)."""

    META = "meta"
    BLOCKS = "blocks"
    INDEX = "index"
    STATE = "state"
    HISTORY = "history"
    TREE = "tree"
    LOG = "log"

    __hash__ = str.__hash__
    """An enum's own is written in Python, and every read and write looks its column up."""


class Put(Struct, frozen=True, gc=False):
    """Set `key` to `value`, or delete it when `value` is None."""

    column: Column
    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """Writes that become visible and durable together or not at all."""

    puts: tuple[Put, ...] = field(default=())


class Store(Protocol):
    """Reading what was committed. Answers reflect the last completed write."""

    def get(self, column: Column, key: bytes) -> bytes | None:
        """Give the value of `key`, or None."""
        ...

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Give pairs with start <= key < stop in key order, or from the last to the first."""
        ...


class WritableStore(Store, Protocol):
    """A store that can be written; only the runtime holds one."""

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch atomically; with `sync` it survives a power cut once this returns.

        Writes keep their order: what a power cut takes are the newest that were not synced.
        """
        ...


class MemoryStore:
    """A store in memory."""

    def __init__(self) -> None:
        self._columns: dict[Column, dict[bytes, bytes]] = {column: {} for column in Column}

    def get(self, column: Column, key: bytes) -> bytes | None:
        """Give the value of `key`, or None."""
        return self._columns[column].get(key)

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Give pairs with start <= key < stop in key order, or from the last to the first."""
        data = self._columns[column]
        for key in sorted((k for k in data if start <= k < stop), reverse=reverse):
            yield key, data[key]

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch; memory is as durable as it gets."""
        del sync
        for put in batch.puts:
            if put.value is None:
                self._columns[put.column].pop(put.key, None)
            else:
                self._columns[put.column][put.key] = put.value


Part = Literal["http", "gossip", "verify", "consensus", "execute", "commit"]
"""What a node's processor time is spent on."""
PARTS: Final[tuple[Part, ...]] = get_args(Part)
Section = AbstractContextManager[None]


class Meter(Protocol):
    """Adds up what the parts of the work take."""

    def section(self, part: Part) -> Section:
        """Give a context manager: what runs in it counts for `part`."""
        ...


class NoMeter:
    """Adds up nothing."""

    def section(self, part: Part) -> Section:
        """Give a context manager that does nothing."""
        del part
        return _NO_SECTION


_NO_SECTION: Final[Section] = nullcontext()
NO_METER: Final = NoMeter()
