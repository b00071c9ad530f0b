import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chain.certificate import precommit_hash
from chain.errors import InvalidInput
from chain.scalars import HEIGHT_MAX, Hash, Height, Round, Signature, UnixMillis
from consensus.bft.messages import (
    MESSAGE_SIZE_BYTES_MAX,
    VOTE_SIZE_BYTES_MAX,
    Message,
    Proposal,
    Vote,
    proposal_hash,
    vote_hash,
)
from consensus.messages import decode_message, encode_message
from consensus.value import PAYLOAD_SIZE_BYTES_MAX, Value
from tests.unit.consensus.world import GENESIS, make_proposal, make_value, make_vote

HASHES = st.binary(min_size=32, max_size=32).map(Hash)
HEIGHTS = st.integers(0, HEIGHT_MAX)
ROUNDS = st.integers(0, 2**31 - 1)
SIGNATURES = st.binary(min_size=64, max_size=64)
VALUES = st.builds(Value, HASHES, st.binary(max_size=200), HEIGHTS)
PROPOSALS = st.builds(
    Proposal, HEIGHTS, ROUNDS, VALUES, st.integers(-1, 2**31 - 1), HEIGHTS, SIGNATURES
)
VOTES = st.builds(
    Vote,
    st.sampled_from(["prevote", "precommit"]),
    HEIGHTS,
    ROUNDS,
    st.none() | HASHES,
    HEIGHTS,
    HEIGHTS,
    SIGNATURES,
)


@given(PROPOSALS | VOTES)
def test_every_message_reads_back(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


@given(VOTES)
def test_no_vote_is_larger_than_stated(vote: Vote) -> None:
    assert len(encode_message(vote)) <= VOTE_SIZE_BYTES_MAX


def test_the_largest_proposal_fits_and_one_byte_more_does_not() -> None:
    value = Value(Hash(bytes(32)), bytes(PAYLOAD_SIZE_BYTES_MAX), UnixMillis(HEIGHT_MAX))
    last = Round(2**31 - 1)
    largest = Proposal(Height(HEIGHT_MAX), last, value, last, HEIGHT_MAX, Signature(bytes(64)))
    data = encode_message(largest)
    assert len(data) <= MESSAGE_SIZE_BYTES_MAX
    assert decode_message(data) == largest
    with pytest.raises(InvalidInput, match="VT-1003"):
        decode_message(data + bytes(MESSAGE_SIZE_BYTES_MAX + 1 - len(data)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("height", -1),
        ("round", 2**31),
        ("block", b"short"),
        ("block", bytes(33)),
        ("validator", -1),
        ("validator", None),
        ("signature", bytes(63)),
        ("time_ms", -1),
        ("kind", "commit"),
    ],
)
def test_a_field_out_of_its_range_is_refused(field: str, value: object) -> None:
    vote = replace(make_vote("prevote", 0, None), **{field: value})
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode_message(encode_message(vote))


def test_a_valid_round_below_minus_one_is_refused() -> None:
    proposal = replace(make_proposal(make_value("v")), valid_round=Round(-2))
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode_message(encode_message(proposal))


def test_bytes_behind_a_message_are_refused() -> None:
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode_message(encode_message(make_vote("prevote", 0, None)) + b"\0")


def test_a_longer_form_of_a_number_is_refused() -> None:
    data = encode_message(make_vote("prevote", 0, None))
    assert data[11:13] == b"\1\0", "height 1 and round 0, a byte each"
    with pytest.raises(InvalidInput, match="VT-1002"):
        decode_message(data[:12] + b"\xcc\0" + data[13:])


def test_a_precommit_signs_what_the_certificate_checks() -> None:
    block = make_value("v").id
    position = Height(7), Round(2)
    assert vote_hash(GENESIS, "precommit", *position, block, UnixMillis(9)) == precommit_hash(
        GENESIS, *position, block, UnixMillis(9)
    )


def test_what_is_signed_differs_in_every_field() -> None:
    block, other = make_value("v").id, make_value("w").id
    zero, one = UnixMillis(0), UnixMillis(1)
    base = vote_hash(GENESIS, "precommit", Height(1), Round(0), block, zero)
    others = [
        vote_hash(other, "precommit", Height(1), Round(0), block, zero),
        vote_hash(GENESIS, "prevote", Height(1), Round(0), block, zero),
        vote_hash(GENESIS, "precommit", Height(2), Round(0), block, zero),
        vote_hash(GENESIS, "precommit", Height(1), Round(1), block, zero),
        vote_hash(GENESIS, "precommit", Height(1), Round(0), other, zero),
        vote_hash(GENESIS, "precommit", Height(1), Round(0), None, zero),
        vote_hash(GENESIS, "precommit", Height(1), Round(0), block, one),
    ]
    assert len({base, *others}) == 8


def test_a_proposal_signs_its_whole_value() -> None:
    value = make_value("v")

    def digest(value: Value, round_: int = 0, valid_round: int = -1) -> Hash:
        return proposal_hash(GENESIS, Height(1), Round(round_), value, Round(valid_round))

    others = [
        digest(replace(value, payload=b"w")),
        digest(replace(value, time_ms=UnixMillis(1))),
        digest(replace(value, id=make_value("w").id)),
        digest(value, round_=1),
        digest(value, valid_round=0),
    ]
    assert len({digest(value), *others}) == 6
