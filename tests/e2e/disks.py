"""Small disks that a test can fill up."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1 << 20


def why_not() -> str:
    """Say why no small disk can be mounted here; empty when it can."""
    if os.geteuid() != 0:
        return "mounting a tmpfs needs root"
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    return "" if tried.returncode == 0 else f"no tmpfs: {tried.stderr.strip()}"


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """Mount a disk of this size, in memory, at a new folder."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", str(folder)]
    subprocess.run(words, check=True, timeout=20)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)


def fill(folder: Path, leave_bytes: int) -> Path:
    """Write a file such that only so much room is left; give it."""
    filler = folder / "filler"
    # Without a buffer: what finds no room, as others write too, must not be tried again at the end.
    with filler.open("ab", buffering=0) as file:
        while (room := room_in(folder) - leave_bytes) > 0:
            try:
                file.write(bytes(min(room, MIB)))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                break
    return filler


def room_in(folder: Path) -> int:
    """Give the free room of the disk that a folder is on."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
