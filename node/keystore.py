"""Key files on disk: written once, for the owner's eyes only.

The bytes of a key file are `chain/keyfile.py`'s business; here they are kept from other users of
the machine, from being overwritten and from being lost in a power cut.
"""

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from chain.errors import InvalidInput
from chain.keyfile import (
    KEY_FILE_SIZE_BYTES_MAX,
    NONCE_SIZE,
    SALT_SIZE,
    Cost,
    KeyFile,
    open_key,
    seal_key,
)
from chain.keys import SEED_SIZE

PASSPHRASE_SIZE_BYTES_MAX: Final = 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def create_key(
    path: Path,
    label: str,
    organisation: str,
    passphrase: bytes | None = None,
    cost: Cost | None = None,
) -> KeyFile:
    """Make a new key and save it in a new file.

    Args: path: of the file, which must not exist; a missing folder is made; passphrase: None keeps
    the secret in the clear; cost: of one try of the passphrase, None for the default.
    Raises: InvalidInput: VT-1302 a name that is not allowed or a file that cannot be written,
    VT-1310 the file exists.
    """
    data = seal_key(
        secrets.token_bytes(SEED_SIZE),
        label,
        organisation,
        passphrase,
        secrets.token_bytes(SALT_SIZE),
        secrets.token_bytes(NONCE_SIZE),
        cost,
    )
    save_key(path, data)
    return open_key(data, passphrase, str(path))


def save_key(path: Path, data: bytes) -> None:
    """Write a sealed key file so that it is there after a power cut, and never over another.

    The file gets mode 0600; folders that are missing are made with mode 0700.

    Raises: InvalidInput: VT-1310 the file exists, VT-1302 it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        _make_folder(path.parent)
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise InvalidInput("VT-1310", path=path) from error
    except OSError as error:
        raise InvalidInput("VT-1302", path=path, reason=_reason_of(error)) from error
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise InvalidInput("VT-1302", path=path, reason=_reason_of(error)) from error


def load_key(path: Path, passphrase: bytes | None = None) -> KeyFile:
    """Open a key file.

    Raises: InvalidInput: VT-1302 missing or damaged, VT-1303 the passphrase is missing or does not
    fit, VT-1309 other users of the machine can read or change the file.
    """
    data = _read_private(path, KEY_FILE_SIZE_BYTES_MAX)
    return open_key(data, passphrase, str(path))


def load_passphrase(path: Path) -> bytes:
    """Read a passphrase from a file; one line end at its end does not belong to it.

    Raises: InvalidInput: VT-1302 missing, empty or too long, VT-1309 others can read the file.
    """
    data = _read_private(path, PASSPHRASE_SIZE_BYTES_MAX)
    passphrase = data.removesuffix(b"\n").removesuffix(b"\r")
    if not passphrase:
        raise InvalidInput("VT-1302", path=path, reason="the passphrase in it is empty")
    return passphrase


def _read_private(path: Path, size_bytes_max: int) -> bytes:
    # Without O_NONBLOCK a named pipe in this place would hold the node up for ever.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise InvalidInput("VT-1302", path=path, reason="it is not a regular file")
            if mode & _OTHERS:
                raise InvalidInput("VT-1309", path=path, mode=f"{stat.S_IMODE(mode):04o}")
            data = file.read(size_bytes_max + 1)
    except OSError as error:
        raise InvalidInput("VT-1302", path=path, reason=_reason_of(error)) from error
    if len(data) > size_bytes_max:
        raise InvalidInput("VT-1302", path=path, reason=f"it has more than {size_bytes_max} bytes")
    return data


def _make_folder(folder: Path) -> None:
    for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason_of(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
