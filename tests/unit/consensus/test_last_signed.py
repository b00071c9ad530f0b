import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import Corruption, Refused
from chain.scalars import HEIGHT_MAX, Hash, Height, Round
from consensus.last_signed import (
    NEVER_SIGNED,
    RECORD_SIZE_BYTES,
    LastSigned,
    Position,
    SignedStep,
    decode_last_signed,
    encode_last_signed,
    seal,
)

A, B = Hash(b"a" * 32), Hash(b"b" * 32)
LAST = LastSigned(Height(5), Round(2), SignedStep.PREVOTE, A)
SIGNATURES = st.builds(
    LastSigned,
    st.integers(0, HEIGHT_MAX),
    st.integers(0, 2**31 - 1),
    st.sampled_from(SignedStep),
    st.binary(min_size=32, max_size=32).map(Hash),
)


def at(height: int, round_: int, step: SignedStep) -> Position:
    return Position(Height(height), Round(round_), step)


@pytest.mark.parametrize(
    "position",
    [
        at(5, 2, SignedStep.PRECOMMIT),
        at(5, 3, SignedStep.PROPOSAL),
        at(6, 0, SignedStep.PROPOSAL),
    ],
)
def test_everything_above_may_be_signed(position: Position) -> None:
    LAST.check(position, B)


@pytest.mark.parametrize(
    "position",
    [
        at(5, 2, SignedStep.PROPOSAL),
        at(5, 1, SignedStep.PRECOMMIT),
        at(4, 9, SignedStep.PRECOMMIT),
    ],
)
@pytest.mark.parametrize("digest", [A, B])
def test_nothing_below_may_be_signed(position: Position, digest: Hash) -> None:
    with pytest.raises(Refused, match="VT-3022"):
        LAST.check(position, digest)


def test_at_the_position_only_the_identical_message_may_be_signed() -> None:
    LAST.check(LAST.position, A)
    with pytest.raises(Refused) as refused:
        LAST.check(LAST.position, B)
    assert str(refused.value) == (
        "VT-3022: Asked to sign the prevote of height 5 round 2, but the last signature was the "
        "prevote of height 5 round 2."
    )


def test_a_fresh_key_may_sign_at_the_first_height() -> None:
    NEVER_SIGNED.check(at(1, 0, SignedStep.PROPOSAL), A)


def test_a_sealed_guard_refuses_its_height_to_the_end_and_no_more() -> None:
    sealed = seal(LAST)
    with pytest.raises(Refused):
        sealed.check(at(5, 2**31 - 1, SignedStep.PRECOMMIT), A)
    sealed.check(at(6, 0, SignedStep.PROPOSAL), A)


@given(SIGNATURES)
def test_the_record_reads_back(last: LastSigned) -> None:
    data = encode_last_signed(last)
    assert len(data) == RECORD_SIZE_BYTES
    assert decode_last_signed(data) == last


@given(SIGNATURES, st.integers(0, RECORD_SIZE_BYTES - 1), st.integers(1, 255))
def test_one_changed_byte_makes_a_record_worthless(last: LastSigned, at: int, flip: int) -> None:
    damaged = bytearray(encode_last_signed(last))
    damaged[at] ^= flip
    with pytest.raises(Corruption) as stopped:
        decode_last_signed(bytes(damaged))
    assert str(stopped.value) == (
        "VT-3021: Its 88 bytes are not what was written, so this key could sign twice."
    )


@pytest.mark.parametrize("size", [0, 1, RECORD_SIZE_BYTES - 1, RECORD_SIZE_BYTES + 1])
def test_a_record_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(Corruption, match="VT-3021"):
        decode_last_signed((encode_last_signed(LAST) + b"\0")[:size])
