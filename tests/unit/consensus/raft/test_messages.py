import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from chain.errors import InvalidInput
from chain.scalars import Height, Round, Signature
from consensus.messages import decode_message, encode_message
from consensus.raft.messages import (
    NO_SIGNATURE,
    Append,
    AppendAnswer,
    Decided,
    Message,
    ReadAnswer,
    ReadRequest,
    TimeoutNow,
    VoteAnswer,
    VoteRequest,
    kind_of,
    message_hash,
)
from consensus.value import PAYLOAD_SIZE_BYTES_MAX
from tests.unit.consensus.raft.world import make_acknowledgement, make_certificate
from tests.unit.consensus.world import GENESIS, make_value

V = make_value("v")
STAMP = (Height(4), Round(3), 1, Signature(bytes(range(64))))
ALL: tuple[Message, ...] = (
    VoteRequest(*STAMP, "pre-vote", Round(4), Round(2), Height(3)),
    VoteAnswer(*STAMP, True, Round(4), False),
    Append(*STAMP, 9, GENESIS, V.id, V),
    Append(*STAMP, 9, GENESIS, None, None),
    AppendAnswer(*STAMP, 9, True, make_acknowledgement(V, 1, 4, 3)),
    AppendAnswer(*STAMP, 9, False, None),
    Decided(*STAMP, make_certificate(V)),
    TimeoutNow(*STAMP),
    ReadRequest(*STAMP, 77),
    ReadAnswer(*STAMP, 77, Height(3)),
)


@pytest.mark.parametrize("message", ALL, ids=kind_of)
def test_a_message_reads_back(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


def test_each_kind_has_its_word() -> None:
    assert len({kind_of(message) for message in ALL}) == 8


@pytest.mark.parametrize("message", ALL, ids=kind_of)
def test_every_field_but_the_signature_is_signed(message: Message) -> None:
    assert message_hash(GENESIS, message) == message_hash(
        GENESIS, replace(message, signature=NO_SIGNATURE)
    )
    for field in fields(message):
        value = getattr(message, field.name)
        if field.name == "signature" or value is None:
            continue
        other: object = None
        if isinstance(value, bool):
            other = not value
        elif isinstance(value, int):
            other = value + 1
        elif isinstance(value, bytes):
            other = bytes(32)
        elif isinstance(value, str):
            other = "transfer"
        changed = replace(message, **{field.name: other})
        assert message_hash(GENESIS, changed) != message_hash(GENESIS, message), field.name


def test_kinds_with_the_same_fields_are_signed_apart() -> None:
    bare, read = TimeoutNow(*STAMP), ReadRequest(*STAMP, 0)
    assert message_hash(GENESIS, bare) != message_hash(GENESIS, read)


def test_a_signature_is_worth_nothing_on_another_chain() -> None:
    assert message_hash(GENESIS, ALL[0]) != message_hash(V.id, ALL[0])


def test_the_largest_entry_fits_a_frame() -> None:
    value = replace(V, payload=bytes(PAYLOAD_SIZE_BYTES_MAX))
    message = Append(Height(2**50), Round(2**30), 255, STAMP[3], 2**50, GENESIS, value.id, value)
    assert decode_message(encode_message(message)) == message


@given(st.binary(max_size=200))
def test_what_is_not_refused_is_one_message_and_no_other(data: bytes) -> None:
    try:
        message = decode_message(data)
    except InvalidInput:
        return
    assert encode_message(message) == data


@given(st.sampled_from(ALL), st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_what_is_signed(
    message: Message, at: int, byte: int
) -> None:
    data = bytearray(encode_message(message))
    data[at % len(data)] ^= byte
    try:
        changed = decode_message(bytes(data))
    except InvalidInput:
        return
    is_same = byte == 0 or replace(changed, signature=message.signature) == message
    same_hash = message_hash(GENESIS, changed) == message_hash(GENESIS, message)  # type: ignore[arg-type]
    assert same_hash == is_same
