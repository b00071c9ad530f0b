"""Frames: limits before anything is kept, and any split of the stream."""

import pytest

from chain.errors import PeerFault
from node.p2p.frames import FrameDecoder, FrameKind, encode_frame, open_limits

DATA = FrameKind.DATA


def _open(limit: int = 100) -> FrameDecoder:
    return FrameDecoder("b", open_limits(limit))


def test_the_bytes_on_the_wire() -> None:
    assert encode_frame(DATA, b"abc") == b"\x05\x00\x00\x00\x03abc"


def test_several_frames_in_one_read_and_one_frame_in_several() -> None:
    decoder = _open()
    decoder.feed(encode_frame(DATA, b"one") + encode_frame(FrameKind.PING, b"12345678") + b"\x05")
    assert decoder.next_frame() == (DATA, b"one")
    assert decoder.next_frame() == (FrameKind.PING, b"12345678")
    assert decoder.next_frame() is None
    decoder.feed(b"\x00\x00\x00\x03th")
    assert decoder.next_frame() is None
    decoder.feed(b"r")
    assert decoder.next_frame() == (DATA, b"thr")


def test_a_frame_of_the_largest_size_passes_and_one_more_byte_does_not() -> None:
    decoder = _open(100)
    decoder.feed(encode_frame(DATA, b"x" * 100) + encode_frame(DATA, b"x" * 101))
    assert decoder.next_frame() == (DATA, b"x" * 100)
    with pytest.raises(PeerFault) as caught:
        decoder.next_frame()
    assert str(caught.value) == (
        "VT-5008: b announced a frame of 101 bytes; at most 100 are allowed."
    )


def test_a_large_length_is_refused_by_the_header_alone() -> None:
    decoder = _open()
    decoder.feed(b"\x05\xff\xff\xff\xff")
    with pytest.raises(PeerFault, match="VT-5008: b announced a frame of 4294967295 bytes"):
        decoder.next_frame()


def test_an_empty_frame_is_refused() -> None:
    decoder = _open()
    decoder.feed(b"\x05\x00\x00\x00\x00")
    with pytest.raises(PeerFault) as caught:
        decoder.next_frame()
    assert str(caught.value) == "VT-5007: b sent a malformed frame: the payload is empty."


@pytest.mark.parametrize("kind", [0, 6, 255, FrameKind.HELLO])
def test_an_unknown_kind_or_a_second_hello_is_refused(kind: int) -> None:
    decoder = _open()
    decoder.feed(bytes((kind,)) + b"\x00\x00\x00\x01x")
    with pytest.raises(PeerFault) as caught:
        decoder.next_frame()
    assert str(caught.value) == (
        f"VT-5007: b sent a malformed frame: kind {kind} is not expected here."
    )


def test_limits_change_between_two_frames_of_one_read() -> None:
    decoder = FrameDecoder("b")
    decoder.feed(encode_frame(FrameKind.HELLO, b"hi") + encode_frame(DATA, b"x"))
    assert decoder.next_frame() == (FrameKind.HELLO, b"hi")
    decoder.limits = open_limits(10)
    assert decoder.next_frame() == (DATA, b"x")


def test_data_before_the_hello_is_refused() -> None:
    decoder = FrameDecoder("b")
    decoder.feed(encode_frame(DATA, b"x"))
    with pytest.raises(PeerFault, match="kind 5 is not expected here"):
        decoder.next_frame()
