"""The last thing this node signed, in a small file of its own: the guard against signing twice.

The database could be restored from a backup or lose its tail; this file is written and synced
before every signature and is consulted before the next. Two slots are written in turn, so a write
that is cut short leaves the other one whole. (Measured: 0.09 ms for a slot with fdatasync against
0.43 ms for a new file, rename and two fsyncs.)

A slot: magic, 8 bytes sequence, 4 bytes length, the payload, SHA-256 over all of that.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chain.errors import Busy, Corruption
from node.storage.folders import sync_folder

SLOT_SIZE: Final = 4096
PAYLOAD_SIZE_MAX: Final = SLOT_SIZE - 64
_MAGIC: Final = b"VTsigned1"
_HEAD: Final = len(_MAGIC) + 12


@dataclass(frozen=True, slots=True)
class _Slot:
    sequence: int
    payload: bytes


class LastSignedFile:
    """Keeps the engine's `LastSigned` bytes; what they mean is the engine's business."""

    def __init__(self, path: Path, *, must_exist: bool) -> None:
        """Open the file, or make it when it may be missing.

        Args: must_exist: the database holds blocks, so this node may have signed before.
        Raises: Corruption: VT-6020 damaged, VT-6021 missing though it must exist, VT-6005 the
        disk failed.
        """
        self._path = path
        self.damaged_slots = 0
        """How many slots did not read back: 1 after a write was cut short."""
        existed = path.exists()
        if not existed and must_exist:
            raise Corruption("VT-6021", path=path)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not existed:
                self._prepare()
            slots = self._read_slots()
        except OSError as error:
            raise Corruption("VT-6005", path=path, reason=error) from error
        newest = max(slots, key=lambda slot: slot.sequence, default=None)
        if newest is None and (must_exist or self.damaged_slots):
            os.close(self._file)
            raise Corruption("VT-6020", path=path)
        self._sequence = newest.sequence if newest else 0
        self._payload = newest.payload if newest else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def load(self) -> bytes | None:
        """Give what was stored last, or None when this node never signed."""
        return self._payload

    def store(self, payload: bytes) -> None:
        """Store `payload`; it survives a power cut once this returns.

        Raises: Busy: VT-6004 disk full. Corruption: VT-6005 the disk failed. In both cases
        nothing may be signed.
        """
        assert len(payload) <= PAYLOAD_SIZE_MAX, "the engine's record outgrew its slot"
        sequence = self._sequence + 1
        try:
            os.pwrite(self._file, _encode_slot(sequence, payload), sequence % 2 * SLOT_SIZE)
            os.fdatasync(self._file)
        except OSError as error:
            if error.errno in (28, 122):  # no space, quota
                raise Busy("VT-6004", path=self._path) from error
            raise Corruption("VT-6005", path=self._path, reason=error) from error
        self._sequence = sequence
        self._payload = payload

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _prepare(self) -> None:
        os.pwrite(self._file, bytes(2 * SLOT_SIZE), 0)
        os.fsync(self._file)
        sync_folder(self._path.parent)

    def _read_slots(self) -> list[_Slot]:
        slots = []
        for place in range(2):
            data = os.pread(self._file, SLOT_SIZE, place * SLOT_SIZE)
            if not any(data):  # never written
                continue
            slot = _decode_slot(data)
            if slot is None:
                self.damaged_slots += 1
            else:
                slots.append(slot)
        return slots


def _encode_slot(sequence: int, payload: bytes) -> bytes:
    head = _MAGIC + sequence.to_bytes(8, "big") + len(payload).to_bytes(4, "big")
    data = head + payload
    return (data + sha256(data).digest()).ljust(SLOT_SIZE, b"\0")


def _decode_slot(data: bytes) -> _Slot | None:
    """Give the slot, or None when any byte of it is not as it was written."""
    if len(data) != SLOT_SIZE or not data.startswith(_MAGIC):
        return None
    length = int.from_bytes(data[_HEAD - 4 : _HEAD], "big")
    if length > PAYLOAD_SIZE_MAX:
        return None
    end = _HEAD + length
    if sha256(data[:end]).digest() != data[end : end + 32] or any(data[end + 32 :]):
        return None
    return _Slot(int.from_bytes(data[_HEAD - 12 : _HEAD - 4], "big"), data[_HEAD:end])
