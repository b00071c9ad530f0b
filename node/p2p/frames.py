"""Frames on a connection: one kind byte, four length bytes, then the payload. No I/O here.

The length is checked against the limit of its kind before any of the payload is kept, so a peer
cannot make this node reserve more than one frame.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from chain.errors import PeerFault

HEADER_SIZE_BYTES: Final = 5
PING_SIZE_BYTES: Final = 8


class FrameKind(IntEnum):
    """What a frame is for; the value is its first byte on the wire."""

    HELLO = 1
    GOODBYE = 2
    PING = 3
    PONG = 4
    DATA = 5


class Frame(NamedTuple):
    """One received frame."""

    kind: FrameKind
    payload: bytes


GREETING_LIMITS: Final[Mapping[int, int]] = {FrameKind.HELLO: 1024, FrameKind.GOODBYE: 1024}
"""Before the hello is accepted: kinds that may come, and the most bytes of each."""


def open_limits(frame_size_bytes_max: int) -> Mapping[int, int]:
    """Give the kinds and sizes that may come once the peer is known."""
    return {
        FrameKind.GOODBYE: GREETING_LIMITS[FrameKind.GOODBYE],
        FrameKind.PING: PING_SIZE_BYTES,
        FrameKind.PONG: PING_SIZE_BYTES,
        FrameKind.DATA: frame_size_bytes_max,
    }


def encode_frame(kind: FrameKind, payload: bytes) -> bytes:
    """Give the bytes on the wire; `payload` has 1 .. 2**32-1 bytes."""
    return bytes((kind,)) + len(payload).to_bytes(4, "big") + payload


class FrameDecoder:
    """Cuts a stream of bytes into frames; takes any split of the stream.

    `limits` may be replaced between two frames: it holds for the frames not yet taken.

    Args: peer: for errors; limits: kind -> most bytes of payload, other kinds are refused.
    """

    def __init__(self, peer: str, limits: Mapping[int, int] = GREETING_LIMITS) -> None:
        self.peer = peer
        self.limits = limits
        self._buffer = bytearray()
        self._start = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they came; call `next_frame` until it gives None before feeding more."""
        if self._start:
            del self._buffer[: self._start]
            self._start = 0
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """Give the next whole frame, or None until more bytes come.

        Raises: PeerFault: VT-5007 unknown kind or empty, VT-5008 larger than its limit.
        """
        payload_start = self._start + HEADER_SIZE_BYTES
        if len(self._buffer) < payload_start:
            return None
        kind = self._buffer[self._start]
        size = int.from_bytes(self._buffer[self._start + 1 : payload_start], "big")
        limit = self.limits.get(kind)
        if limit is None:
            raise PeerFault("VT-5007", peer=self.peer, reason=f"kind {kind} is not expected here")
        if size > limit:
            raise PeerFault("VT-5008", peer=self.peer, size=size, limit=limit)
        if size == 0:
            raise PeerFault("VT-5007", peer=self.peer, reason="the payload is empty")
        end = payload_start + size
        if len(self._buffer) < end:
            return None
        with memoryview(self._buffer) as view:
            payload = bytes(view[payload_start:end])
        self._start = end
        return Frame(FrameKind(kind), payload)
