"""Names on the disk: a file or folder that was made is there after a power cut only if this is."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, once this returns.

    Raises: OSError: the disk failed, or there is no such folder.
    """
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
