"""The database of a machine: what was synced survives a power cut, what was not may be lost.

It behaves as RocksDB does under this project's settings: a batch is atomic, syncing one makes all
before it durable, and a damaged block is noticed when it is read (`node/storage/rocks.py`).
"""

from bisect import bisect_left
from collections.abc import Iterator
from random import Random
from typing import Final

from chain.errors import Busy, Corruption
from node.replica.ports import Column, WriteBatch
from tests.sim.power import Power

Content = dict[Column, dict[bytes, bytes]]
Place = tuple[Column, bytes]
_PATH: Final = "database"


class SortedStore:
    """A store in memory that keeps its keys in order once somebody asks for a range."""

    def __init__(self, content: Content | None = None) -> None:
        copied = content or {}
        self._content: Content = {column: dict(copied.get(column, {})) for column in Column}
        self._sorted: dict[Column, list[bytes]] = {}

    def get(self, column: Column, key: bytes) -> bytes | None:
        """Give the value of `key`, or None."""
        return self._content[column].get(key)

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Give pairs with start <= key < stop in key order, or from the last to the first."""
        data = self._content[column]
        keys = self._sorted.get(column)
        if keys is None:
            keys = self._sorted[column] = sorted(data)
        found = keys[bisect_left(keys, start) : bisect_left(keys, stop)]
        for key in reversed(found) if reverse else found:
            yield key, data[key]

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch."""
        del sync
        self.apply(batch)

    def apply(self, batch: WriteBatch) -> None:
        """Apply a batch in memory."""
        for put in batch.puts:
            column, key, value = put.column, put.key, put.value
            data = self._content[column]
            if (value is None) == (key in data):
                self._sorted.pop(column, None)
            if value is None:
                data.pop(key, None)
            else:
                data[key] = value

    def copy(self) -> Content:
        """Give a copy of everything, as a backup would."""
        return {column: dict(pairs) for column, pairs in self._content.items()}

    def replace(self, content: Content) -> None:
        """Hold something else from now on."""
        self._content = {column: dict(content.get(column, {})) for column in Column}
        self._sorted = {}


class Disk(SortedStore):
    """The database of one machine, with all that can go wrong with it.

    `sync_ms` is how long a synced write takes; `take_delay_ms` gives what piled up.
    """

    def __init__(self, power: Power, random: Random, content: Content) -> None:
        super().__init__(content)
        self._power = power
        self._random = random
        self._unsynced: list[dict[Place, bytes | None]] = []
        self._rotten: set[Place] = set()
        self._delay_ms = 0
        self.is_full = False
        self.sync_ms = 0

    def get(self, column: Column, key: bytes) -> bytes | None:
        """Give the value of `key`, or None.

        Raises: Corruption: VT-6001: the checksum of its block does not fit.
        """
        if self._rotten:
            self._check(column, key)
        return self._content[column].get(key)

    def peek(self, column: Column, key: bytes) -> bytes | None:
        """Give what was written last, damaged or not: for those who watch, not for the node."""
        return self._content[column].get(key)

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Give pairs with start <= key < stop; raises as `get`."""
        for key, value in super().range(column, start, stop, reverse=reverse):
            self._check(column, key)
            yield key, value

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch, if there is power and room.

        Raises: PowerCut; Busy: VT-6004: the disk is full, and whether the batch is there later is
        a matter of luck.
        """
        self._power.pass_point()
        if self.is_full:
            if self._random.random() < 0.5:
                self.apply(batch)
            raise Busy("VT-6004", path=_PATH)
        if not sync:
            self._unsynced.append(
                {
                    (put.column, put.key): self._content[put.column].get(put.key)
                    for put in reversed(batch.puts)
                }
            )
        self.apply(batch)
        if sync:
            self._unsynced.clear()
            self._delay_ms += self.sync_ms
        if self._rotten:
            self._rotten -= {(put.column, put.key) for put in batch.puts}
        self._power.pass_point()

    def lose_power(self) -> None:
        """Lose the newest writes that were not synced, as many as chance wants, often all."""
        kept = self._random.randint(0, len(self._unsynced)) if self._random.random() < 0.3 else 0
        for undo in reversed(self._unsynced[kept:]):
            for (column, key), value in undo.items():
                self._set(column, key, value)
        self._unsynced.clear()
        self._delay_ms = 0

    def take_delay_ms(self) -> int:
        """Give how long the writes since the last question took."""
        delay_ms, self._delay_ms = self._delay_ms, 0
        return delay_ms

    def rot(self, random: Random) -> str:
        """Damage something that is stored; say what. Reading it is refused from now on."""
        columns = [column for column in Column if self._content[column]]
        if not columns:
            return "nothing"
        column = random.choice(columns)
        key = random.choice(sorted(self._content[column]))
        self._rotten.add((column, key))
        return f"{column} {key.hex()[:24]}"

    @property
    def is_rotten(self) -> bool:
        """Whether something stored here cannot be read any more."""
        return bool(self._rotten)

    def replace(self, content: Content) -> None:
        """Hold something else: nothing, or an older copy."""
        super().replace(content)
        self._rotten.clear()
        self._unsynced.clear()

    def _set(self, column: Column, key: bytes, value: bytes | None) -> None:
        self._sorted.pop(column, None)
        if value is None:
            self._content[column].pop(key, None)
        else:
            self._content[column][key] = value

    def _check(self, column: Column, key: bytes) -> None:
        if (column, key) in self._rotten:
            raise Corruption("VT-6001", path=_PATH, reason=f"a block of {column} is damaged")
