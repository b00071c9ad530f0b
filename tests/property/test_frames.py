"""Frames under any split and any bytes."""

from hypothesis import given
from hypothesis import strategies as st

from chain.errors import PeerFault
from node.p2p.frames import HEADER_SIZE_BYTES, Frame, FrameDecoder, FrameKind, encode_frame

LIMIT = 64
LIMITS = dict.fromkeys(FrameKind, LIMIT)
FRAMES = st.lists(
    st.builds(Frame, st.sampled_from(FrameKind), st.binary(min_size=1, max_size=LIMIT))
)


def _decode(pieces: list[bytes]) -> list[Frame]:
    decoder = FrameDecoder("peer", LIMITS)
    frames: list[Frame] = []
    for piece in pieces:
        decoder.feed(piece)
        while (frame := decoder.next_frame()) is not None:
            frames.append(frame)
    return frames


def _cut(stream: bytes, places: list[int]) -> list[bytes]:
    ends = sorted(place % (len(stream) + 1) for place in places)
    return [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]


@given(FRAMES, st.lists(st.integers(min_value=0)))
def test_any_split_of_the_stream_gives_the_same_frames(
    frames: list[Frame], places: list[int]
) -> None:
    stream = b"".join(encode_frame(*frame) for frame in frames)
    assert _decode(_cut(stream, places)) == frames


@given(st.binary(max_size=400), st.lists(st.integers(min_value=0)))
def test_any_bytes_give_frames_within_the_limit_or_a_fault(
    stream: bytes, places: list[int]
) -> None:
    whole: list[Frame] | str
    split: list[Frame] | str
    try:
        whole = _decode([stream])
    except PeerFault as fault:
        whole = str(fault)
    try:
        split = _decode(_cut(stream, places))
    except PeerFault as fault:
        split = str(fault)
    assert whole == split
    if isinstance(whole, list):
        assert all(0 < len(frame.payload) <= LIMIT for frame in whole)
        wire = b"".join(encode_frame(*frame) for frame in whole)
        assert stream.startswith(wire)
        assert len(stream) - len(wire) < HEADER_SIZE_BYTES + LIMIT
