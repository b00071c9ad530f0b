"""The last-signed file of a machine: the real code of the node over a simulated file.

`node/storage/last_signed.py` calls `os`; here it is loaded once more with another `os`, so its two
slots are written to a file whose unsynced bytes a power cut loses or tears.
"""

import importlib.util
import os
from errno import ENOSPC
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Final, cast
from weakref import WeakValueDictionary

from consensus.last_signed import NEVER_SIGNED, encode_last_signed
from node.storage.last_signed import LastSignedFile
from tests.sim.power import Power

SECTOR_SIZE: Final = 512
"""What a disk writes whole or not at all."""


class SignedDisk:
    """One file: what is durable, and what was written after the last sync. Stands for a `Path`."""

    def __init__(self, power: Power, random: Random) -> None:
        self._power = power
        self._random = random
        self._durable: bytearray | None = None
        self._unsynced: list[tuple[int, bytes]] = []
        self.is_full = False
        self.parent = _FOLDER

    def __str__(self) -> str:
        return "last-signed"

    def open(self, *, must_exist: bool) -> LastSignedFile:
        """Open the file as a starting node does; see `LastSignedFile`."""
        opened: LastSignedFile = _MODULE.LastSignedFile(cast(Path, self), must_exist=must_exist)
        return opened

    def found(self) -> None:
        """Make the file as it is made together with a vote key, which has signed nothing yet."""
        was_full, self.is_full = self.is_full, False
        self.open(must_exist=False).store(encode_last_signed(NEVER_SIGNED))
        self.is_full = was_full

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return self._durable is not None

    def create(self) -> None:
        """Be there from now on."""
        if self._durable is None:
            self._durable = bytearray()

    def write(self, data: bytes, offset: int) -> None:
        """Write without syncing."""
        self._power.pass_point()
        if self.is_full:
            raise OSError(ENOSPC, "no space left on this simulated device")
        self._unsynced.append((offset, data))

    def read(self, size: int, offset: int) -> bytes:
        """Read what was written last, synced or not."""
        content = bytearray(self._durable or b"")
        for start, data in self._unsynced:
            _put(content, start, data)
        return bytes(content[offset : offset + size])

    def sync(self) -> None:
        """Make everything durable."""
        self._power.pass_point()
        assert self._durable is not None, "only an open file is synced"
        for start, data in self._unsynced:
            _put(self._durable, start, data)
        self._unsynced.clear()
        self._power.pass_point()

    def lose_power(self) -> None:
        """Of what was not synced, each write is lost, torn between two sectors, or there."""
        for start, data in self._unsynced:
            draw, sectors = self._random.random(), self._random.randrange(len(data) // SECTOR_SIZE)
            kept = 0 if draw < 0.6 else len(data) if draw < 0.8 else sectors * SECTOR_SIZE
            if self._durable is not None:
                _put(self._durable, start, data[:kept])
        self._unsynced.clear()

    def rot(self, random: Random, *, slots: int) -> None:
        """Flip a bit in one of the two slots, or in both."""
        if not self._durable:
            return
        half = len(self._durable) // 2
        for slot in random.sample((0, 1), slots):
            place = slot * half + random.randrange(SECTOR_SIZE // 8)
            self._durable[place] ^= 1 << random.randrange(8)

    def remove(self) -> None:
        """Be gone."""
        self._durable = None
        self._unsynced.clear()


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class _Folder:
    """What a file lies in; to sync it makes the file's name durable, which is taken for granted."""


_FOLDER: Final = _Folder()


class _Calls:
    """The calls of `os` that the file's code makes; a descriptor is a number as it is there."""

    O_RDWR, O_CREAT, O_CLOEXEC = os.O_RDWR, os.O_CREAT, os.O_CLOEXEC
    O_RDONLY, O_DIRECTORY = os.O_RDONLY, os.O_DIRECTORY

    def __init__(self) -> None:
        # A machine that lost power closed nothing; its file goes with its world.
        self._opened: WeakValueDictionary[int, SignedDisk | _Folder] = WeakValueDictionary()
        self._next = 3

    def open(self, path: SignedDisk | _Folder, flags: int, mode: int = 0o777) -> int:
        del mode
        if isinstance(path, SignedDisk) and flags & os.O_CREAT:
            path.create()
        self._next += 1
        self._opened[self._next] = path
        return self._next

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        self._file(descriptor).write(data, offset)
        return len(data)

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        return self._file(descriptor).read(size, offset)

    def fdatasync(self, descriptor: int) -> None:
        self._file(descriptor).sync()

    def fsync(self, descriptor: int) -> None:
        opened = self._opened[descriptor]
        if isinstance(opened, SignedDisk):
            opened.sync()

    def close(self, descriptor: int) -> None:
        del self._opened[descriptor]

    def _file(self, descriptor: int) -> SignedDisk:
        opened = self._opened[descriptor]
        assert isinstance(opened, SignedDisk)
        return opened


def _load() -> Any:
    """Load the module of the file a second time, with other system calls."""
    found = importlib.util.find_spec("node.storage.last_signed")
    assert found is not None
    assert found.loader is not None
    module: ModuleType = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    vars(module)["os"] = _Calls()
    vars(module)["sync_folder"] = lambda folder: None  # A simulated folder keeps its names.
    return module


_MODULE: Final = _load()
