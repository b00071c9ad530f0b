"""Sets of members as bitmaps: member i is bit i % 8 (from the lowest) of byte i // 8."""

from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta

from chain.errors import PeerFault

BITMAP_SIZE_BYTES_MAX: Final = 1024

BitmapField = Annotated[bytes, Meta(max_length=BITMAP_SIZE_BYTES_MAX)]


def encode_bitmap(indexes: Iterable[int], count: int) -> bytes:
    """Write a set of indexes below `count` as a bitmap of ceil(count / 8) bytes."""
    bits = bytearray((count + 7) // 8)
    for index in indexes:
        bits[index // 8] |= 1 << (index % 8)
    return bytes(bits)


def decode_bitmap(data: bytes, count: int, kind: str) -> set[int]:
    """Read a bitmap.

    Raises: PeerFault: VT-3024: a wrong length, or a bit at or above `count`.
    """
    indexes = {index for index in range(8 * len(data)) if data[index // 8] >> (index % 8) & 1}
    if len(data) != (count + 7) // 8 or any(index >= count for index in indexes):
        raise PeerFault("VT-3024", kind=kind, size=len(data), count=count)
    return indexes
