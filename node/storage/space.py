"""Room on the disk: how much is left, and a reserve that lets a full node start again.

RocksDB cannot even open on a full disk, so a file of a few megabytes is kept that an operator
(or the node itself) can give up to get going.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from chain.errors import Busy

BALLAST_NAME: Final = "ballast"
BALLAST_SIZE_BYTES: Final = 16 << 20


def free_bytes(folder: Path) -> int:
    """Give the bytes that a process without special rights may still write in `folder`."""
    return shutil.disk_usage(folder).free


def check_free_space(folder: Path, least_bytes: int) -> None:
    """Check that there is room for more work.

    Raises: Busy: VT-6004, less than `least_bytes` are free.
    """
    if free_bytes(folder) < least_bytes:
        raise Busy("VT-6004", path=folder)


def keep_ballast(folder: Path, size_bytes: int = BALLAST_SIZE_BYTES) -> bool:
    """Reserve `size_bytes` in `folder`; nothing happens when they are reserved already.

    Returns: whether the reserve stands; False when the disk has no room for it.
    """
    path = folder / BALLAST_NAME
    if path.exists() and path.stat().st_size >= size_bytes:
        return True
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size_bytes)
    except OSError:
        path.unlink(missing_ok=True)
        return False
    return True


def release_ballast(folder: Path) -> bool:
    """Give the reserve up; tells whether there was one."""
    path = folder / BALLAST_NAME
    found = path.exists()
    path.unlink(missing_ok=True)
    return found
