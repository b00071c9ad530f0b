"""A disk in memory that keeps after a power cut what was synced before, and no more than it must.

`VolatileDisk` is the model: each file has the bytes that programs see and those that are safe. The
fsync of a file makes its bytes safe, that of a folder its names. A cut drops the rest, or, with a
seed, keeps a prefix of what was written to each file, its last write torn. `mounted` mounts one in
a process of its own; an extended attribute of its root is the switch.
"""

import errno
import itertools
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

SWITCH: Final = "user.power"
"""Set this attribute of the root to `keep` (all is safe now), `cut`, or `cut SEED`."""
MOUNT_SECONDS: Final = 10.0
BLOCK_SIZE: Final = 4096
BLOCKS: Final = 1 << 20


@dataclass
class Blob:
    """A file: what programs see, what is safe, and the writes that lie between."""

    now: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Offset and data of a write, or the new size and None of a truncation."""

    def change(self, offset: int, data: bytes | None) -> None:
        """Write, or cut to a size."""
        _apply(self.now, offset, data)
        self.pending.append((offset, data))

    def sync(self) -> None:
        """Make all of it safe."""
        for offset, data in self.pending:
            _apply(self.safe, offset, data)
        self.pending.clear()

    def cut(self, random: Random | None) -> None:
        """Lose what is not safe; with chance given, only some of it."""
        if random is not None and self.pending:
            kept = random.randrange(len(self.pending) + 1)
            for offset, data in self.pending[:kept]:
                _apply(self.safe, offset, data)
            if kept < len(self.pending):
                offset, data = self.pending[kept]
                if data:
                    _apply(self.safe, offset, data[: random.randrange(len(data))])
        self.pending.clear()
        self.now = bytearray(self.safe)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    if data:
        content[offset : offset + len(data)] = data


@dataclass
class Folder:
    """A folder: the names that programs see, and those that are safe."""

    now: "dict[str, Blob | Folder]" = field(default_factory=dict)
    safe: "dict[str, Blob | Folder]" = field(default_factory=dict)

    def sync(self) -> None:
        """Make its names safe."""
        self.safe = dict(self.now)

    def cut(self, random: Random | None) -> None:
        """Lose what is not safe, in it and below."""
        self.now = dict(self.safe)
        for _, entry in sorted(self.now.items()):
            entry.cut(random)

    def sync_all(self) -> None:
        """Make everything safe, in it and below."""
        self.sync()
        for entry in self.now.values():
            if isinstance(entry, Folder):
                entry.sync_all()
            else:
                entry.sync()


class VolatileDisk:
    """A tree of folders and files; paths begin with a slash."""

    def __init__(self) -> None:
        self.root: Final = Folder()

    def find(self, path: str) -> Blob | Folder:
        """Give what stands at a path. Raises: OSError: ENOENT or ENOTDIR."""
        entry: Blob | Folder = self.root
        for name in path.strip("/").split("/") if path != "/" else ():
            if not isinstance(entry, Folder):
                raise OSError(errno.ENOTDIR, path)
            if name not in entry.now:
                raise OSError(errno.ENOENT, path)
            entry = entry.now[name]
        return entry

    def blob(self, path: str) -> Blob:
        """Give the file at a path. Raises: OSError: EISDIR or as `find`."""
        entry = self.find(path)
        if isinstance(entry, Folder):
            raise OSError(errno.EISDIR, path)
        return entry

    def folder(self, path: str) -> Folder:
        """Give the folder at a path. Raises: OSError: ENOTDIR or as `find`."""
        entry = self.find(path)
        if isinstance(entry, Blob):
            raise OSError(errno.ENOTDIR, path)
        return entry

    def make(self, path: str, entry: Blob | Folder) -> None:
        """Put something new at a path. Raises: OSError: EEXIST or as `find`."""
        folder, name = self._split(path)
        if name in folder.now:
            raise OSError(errno.EEXIST, path)
        folder.now[name] = entry

    def remove(self, path: str) -> None:
        """Take away a file or an empty folder. Raises: OSError: ENOTEMPTY or as `find`."""
        entry = self.find(path)
        if isinstance(entry, Folder) and entry.now:
            raise OSError(errno.ENOTEMPTY, path)
        folder, name = self._split(path)
        del folder.now[name]

    def rename(self, old: str, new: str) -> None:
        """Move something, over what may stand there. Raises: OSError: as `find`."""
        entry = self.find(old)
        folder, name = self._split(old)
        target, target_name = self._split(new)
        del folder.now[name]
        target.now[target_name] = entry

    def switch(self, word: str) -> None:
        """Obey the switch: `keep`, `cut` or `cut SEED`. Raises: OSError: EINVAL."""
        name, _, seed = word.partition(" ")
        if name == "keep":
            self.root.sync_all()
        elif name == "cut":
            self.root.cut(Random(seed) if seed else None)
        else:
            raise OSError(errno.EINVAL, word)

    def _split(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rpartition("/")
        return self.folder(above or "/"), name


def why_not() -> str:
    """Say why no such disk can be mounted here; empty when it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse to use"
    try:
        import mfusepy  # noqa: F401 - loading it loads libfuse
    except (ImportError, OSError, AttributeError) as error:
        return f"no FUSE library: {error}"
    return ""


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """Mount a disk at a new folder, in a process of its own."""
    folder.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.power_cut", folder],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
    )
    try:
        ends = time.monotonic() + MOUNT_SECONDS
        while not folder.is_mount():
            assert server.poll() is None, "the disk could not be mounted"
            assert time.monotonic() < ends, "the disk was not mounted in time"
            time.sleep(0.02)
        yield folder
    finally:
        _unmount(folder)
        server.terminate()
        server.communicate(timeout=10)


def _unmount(folder: Path | str) -> None:
    subprocess.run(["umount", "--lazy", folder], check=False, stderr=subprocess.DEVNULL)


def switch(folder: Path, word: str) -> None:
    """Set the switch of a mounted disk; no process may have files open on it."""
    os.setxattr(folder, SWITCH, word.encode())


class MountedDisk:
    """What libfuse asks of a disk; names and arguments are its own."""

    use_ns: Final = True

    def __init__(self) -> None:
        self._disk = VolatileDisk()
        self._open: dict[int, Blob] = {}
        self._handles = itertools.count(1)

    def init(self, path: str) -> None:
        """Nothing is to be prepared."""

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        """Describe a file or folder."""
        entry = self._disk.find(path)
        owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        if isinstance(entry, Folder):
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2, **owner}
        size = len(entry.now)
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": size, **owner}

    def readdir(self, path: str, fh: int) -> list[str]:
        """List a folder."""
        return [".", "..", *self._disk.folder(path).now]

    def mkdir(self, path: str, mode: int) -> None:
        """Make a folder."""
        self._disk.make(path, Folder())

    def create(self, path: str, mode: int, fi: object = None) -> int:
        """Make a file and open it."""
        self._disk.make(path, Blob())
        return self.open(path, 0)

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        blob = self._disk.blob(path)
        if flags & os.O_TRUNC:
            blob.change(0, None)
        handle = next(self._handles)
        self._open[handle] = blob
        return handle

    def release(self, path: str, fh: int) -> None:
        """Close a file."""
        del self._open[fh]

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Read."""
        return bytes(self._open[fh].now[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Write."""
        self._open[fh].change(offset, data)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        """Change a file's size."""
        self._disk.blob(path).change(length, None)

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        """Make a file safe."""
        self._open[fh].sync()

    def fsyncdir(self, path: str, datasync: int, fh: int) -> None:
        """Make a folder's names safe."""
        self._disk.folder(path).sync()

    def rename(self, old: str, new: str) -> None:
        """Move."""
        self._disk.rename(old, new)

    def unlink(self, path: str) -> None:
        """Take away a file."""
        self._disk.remove(path)

    def rmdir(self, path: str) -> None:
        """Take away an empty folder."""
        self._disk.remove(path)

    def chmod(self, path: str, mode: int) -> None:
        """There is one user only."""

    def chown(self, path: str, uid: int, gid: int) -> None:
        """There is one user only."""

    def utimens(self, path: str, times: object = None) -> None:
        """Times are not kept."""

    def statfs(self, path: str) -> dict[str, int]:
        """There is always room."""
        blocks = dict.fromkeys(("f_blocks", "f_bfree", "f_bavail"), BLOCKS)
        return {"f_bsize": BLOCK_SIZE, "f_frsize": BLOCK_SIZE, **blocks}

    def setxattr(self, path: str, name: str, value: bytes, options: int, position: int = 0) -> None:
        """Obey the switch."""
        if (path, name) != ("/", SWITCH):
            raise OSError(errno.ENOTSUP, name)
        self._disk.switch(value.decode())


def _serve(mountpoint: str) -> None:
    """Serve until unmounted, or until the process that mounted it has ended."""
    import mfusepy

    def outlive_nobody() -> None:
        sys.stdin.read()
        _unmount(mountpoint)

    threading.Thread(target=outlive_nobody, daemon=True).start()
    fresh = dict.fromkeys(("attr_timeout", "entry_timeout", "negative_timeout"), 0)
    mfusepy.FUSE(MountedDisk(), mountpoint, foreground=True, nothreads=True, **fresh)


if __name__ == "__main__":
    _serve(sys.argv[1])
