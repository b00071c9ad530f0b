"""RocksDB as the replica's `WritableStore`: one column family per column, one atomic synced write.

A damaged database is refused when it is opened and when a damaged block is read; nothing is
repaired silently, because a voter that forgets what it acknowledged may vote twice.
"""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

from rocksdict import Cache, ColumnFamily, Rdict, ReadOptions
from rocksdict import WriteBatch as RocksBatch

from chain.errors import Busy, ChainError, Corruption
from node.replica.ports import Column, WriteBatch
from node.storage.folders import sync_folder
from node.storage.options import (
    RocksOptions,
    build_column_options,
    build_database_options,
    build_write_options,
)

DATA_ENDINGS: Final = (".log", ".sst", ".blob")
"""How files end that hold what was written; RocksDB's own records grow with every opening."""


class RocksStore:
    """The store of a node. One process at a time may hold a folder.

    The write-ahead log is recovered strictly: a flipped bit anywhere, and a write that was cut
    short at the very end, are both refused. The second happens when power fails during a write,
    but looks exactly like a damaged length field, which would hide acknowledged writes; so
    `RocksOptions.accept_torn_tail` must be asked for, by a caller that compares the head with the
    last signed height afterwards.

    Reading is safe from any thread. After a failed write the outcome of that write is unknown
    and every further write fails: close the store and open it again.
    """

    def __init__(self, path: Path, options: RocksOptions | None = None) -> None:
        """Open the database in folder `path`, made when missing.

        Raises: Corruption: VT-6001 damaged, VT-6003 unfinished write at the end, VT-6006 files
        are missing. Busy: VT-6002 another process holds it, VT-6004 disk full.
        """
        settings = options or RocksOptions()
        self.path: Final = path
        self._failure: ChainError | None = None
        self._closed = False
        self._compacting = Lock()
        _check_folder(path)
        path.mkdir(parents=True, exist_ok=True)
        cache = Cache(settings.cache_size_bytes)
        families = {
            column.value: build_column_options(settings, column, cache) for column in Column
        }
        try:
            self._database = Rdict(
                str(path), build_database_options(settings), column_families=families
            )
            sync_folder(path.parent)  # RocksDB syncs what is in its folder, not the folder's name.
        except Exception as error:  # rocksdict raises nothing narrower
            raise _classify(error, path) from error
        self._columns: dict[Column, Rdict] = {}
        self._handles: dict[Column, ColumnFamily] = {}
        for column in Column:
            self._columns[column] = self._database.get_column_family(column.value)
            self._handles[column] = self._database.get_column_family_handle(column.value)
        self._synced = build_write_options(sync=True)
        self._unsynced = build_write_options(sync=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def get(self, column: Column, key: bytes) -> bytes | None:
        """Give the value of `key`, or None.

        Raises: Corruption: VT-6001 the stored block is damaged, VT-6005 the disk failed.
        """
        try:
            value: bytes | None = self._columns[column].get(key)
        except Exception as error:
            raise self._explain(error) from error
        return value

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Give pairs with start <= key < stop in key order, or from the last to the first.

        All pairs come from one moment, whatever is written while reading.

        Raises: Corruption: VT-6001 a stored block is damaged, VT-6005 the disk failed.
        """
        if start >= stop:
            return
        bounds = ReadOptions()
        bounds.set_iterate_upper_bound(stop)  # spares reading on into what was deleted
        try:
            cursor = self._columns[column].iter(bounds)
            if reverse:
                cursor.seek_to_last()
            else:
                cursor.seek(start)
            while cursor.valid():
                key = cursor.key()
                if not start <= key < stop:
                    break
                yield key, cursor.value()
                if reverse:
                    cursor.prev()
                else:
                    cursor.next()
            cursor.status()
        except Exception as error:
            raise self._explain(error) from error

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch atomically; with `sync` it survives a power cut once this returns.

        Raises: Busy: VT-6004 disk full. Corruption: VT-6005 the disk failed. In both cases the
        outcome is unknown and the store takes no further writes.
        """
        if self._failure is not None:
            raise self._failure
        writes = RocksBatch(raw_mode=True)
        put, handles = writes.put, self._handles
        for one in batch.puts:
            value = one.value
            if value is None:
                writes.delete(one.key, handles[one.column])
            else:
                put(one.key, value, handles[one.column])
        try:
            self._database.write(writes, self._synced if sync else self._unsynced)
        except Exception as error:
            self._failure = self._explain(error)
            raise self._failure from error

    def compact(self, column: Column, start: bytes, stop: bytes) -> None:
        """Give the disk back what was deleted between two keys; it may take seconds.

        Reading and writing go on meanwhile; `close` ends it early.

        Raises: Corruption: VT-6001 a stored block is damaged, VT-6005 the disk failed, VT-6007
        the database is closed.
        """
        with self._compacting:
            if self._closed:
                raise Corruption("VT-6007", path=self.path)
            try:
                self._columns[column].compact_range(start, stop)
            except Exception as error:
                raise self._explain(error) from error

    def flush(self) -> None:
        """Write what stands in the log of writes into tables, and so free the log's room.

        Raises: Corruption: VT-6001 a stored block is damaged, VT-6005 the disk failed.
        """
        try:
            for column in Column:
                self._columns[column].flush(True)
        except Exception as error:
            raise self._explain(error) from error

    def size_bytes(self) -> int:
        """Give the size of all files of the database."""
        return sum(file.stat().st_size for file in self.path.iterdir() if file.is_file())

    def close(self) -> None:
        """Close the database; a second call does nothing.

        Every acknowledged write is in the synced log already, so an error here loses nothing and
        is left for the next opening to judge.
        """
        if self._closed:
            return
        self._closed = True
        self._database.cancel_all_background(True)
        with self._compacting:
            self._let_go()

    def _let_go(self) -> None:
        self._handles.clear()  # the database stays open while anything refers to it
        for family in (*self._columns.values(), self._database):
            try:
                family.close()
            except Exception as error:  # noqa: BLE001 - rocksdict raises nothing narrower
                self._failure = self._failure or self._explain(error)
        self._columns.clear()

    def _explain(self, error: Exception) -> ChainError:
        if isinstance(error, ChainError):
            return error
        if self._closed:
            return Corruption("VT-6007", path=self.path)
        return _classify(error, self.path)


def _check_folder(path: Path) -> None:
    """Refuse a folder with data but without its table of contents: it would open as empty."""
    if not path.is_dir() or (path / "CURRENT").exists():
        return
    left = sorted(
        file.name
        for file in path.iterdir()
        if file.suffix in DATA_ENDINGS or file.name.startswith("MANIFEST")
    )
    if left:
        raise Corruption("VT-6006", path=path, found=left[0])


def _classify(error: Exception, path: Path) -> ChainError:
    """Turn RocksDB's text into an error with a code; the texts are stable across versions."""
    text = str(error)
    if "lock hold by" in text or "LOCK: Resource temporarily unavailable" in text:
        return Busy("VT-6002", path=path)
    if "No space left on device" in text:
        return Busy("VT-6004", path=path)
    if "truncated record" in text:
        return Corruption("VT-6003", path=path, reason=text)
    is_missing = "No such file" in text and any(ending in text for ending in (".sst", ".blob"))
    if text.startswith("Corruption") or is_missing:
        return Corruption("VT-6001", path=path, reason=text)
    return Corruption("VT-6005", path=path, reason=text)
