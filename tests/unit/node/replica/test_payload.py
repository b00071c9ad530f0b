"""What validators vote on: names of transactions under a header, and what a header must meet."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.block import HEADER_VERSION, Header, hash_previous_certificate
from chain.certificate import QuorumCertificate
from chain.codec import encode
from chain.errors import ChainError, InvalidInput
from chain.genesis import Limits
from chain.keys import verify
from chain.scalars import Hash, Height, Round, UnixMillis
from consensus.value import Value
from node.replica.payload import Payload, check_succeeds, from_value, to_value
from tests.unit.node.replica.parts import Parts

NOWHERE = Hash(bytes(32))
LIMITS = Limits()


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts()


@pytest.fixture(scope="module")
def payload(parts: Parts) -> Payload:
    return from_value(parts.propose(parts.chain.power("1"), parts.chain.power("2")), LIMITS)


def test_a_payload_reads_back_from_its_value(payload: Payload) -> None:
    value = to_value(payload)
    assert from_value(value, LIMITS) == payload
    assert value.time_ms == payload.header.time_ms


def refusal(value: Value, limits: Limits = LIMITS) -> str:
    with pytest.raises(InvalidInput) as caught:
        from_value(value, limits)
    return str(caught.value)


def test_a_value_under_another_name_or_time_is_refused(payload: Payload) -> None:
    value = to_value(payload)
    message = "VT-3010: The block cannot be voted for: the value's id is not the hash of its header"
    assert refusal(replace(value, id=NOWHERE)).startswith(message)
    assert refusal(replace(value, time_ms=UnixMillis(value.time_ms + 1))).startswith(message)


def test_more_transactions_than_genesis_allows_are_refused(payload: Payload) -> None:
    limits = replace(LIMITS, block_transactions_max=1)
    assert "it holds too many transactions" in refusal(to_value(payload), limits)


def test_a_payload_larger_than_any_allowed_is_refused_before_it_is_read(payload: Payload) -> None:
    limits = replace(LIMITS, block_transactions_max=1)
    value = replace(to_value(payload), payload=bytes(70_000))
    assert refusal(value, limits).startswith("VT-1003")


def test_a_transaction_named_twice_is_refused(payload: Payload) -> None:
    twice = replace(payload, transactions=payload.transactions[:1] * 2)
    assert "it names a transaction twice" in refusal(to_value(twice))


def test_a_certificate_that_the_header_does_not_name_is_refused(payload: Payload) -> None:
    other = replace(payload, previous_certificate=None)
    assert "the certificate is not the one its header names" in refusal(to_value(other))


def test_bytes_that_are_no_payload_are_refused(payload: Payload) -> None:
    assert refusal(replace(to_value(payload), payload=b"\xc1")).startswith("VT-1001")


def check(parts: Parts, header: Header, certificate: QuorumCertificate | None) -> str | None:
    try:
        check_succeeds(header, certificate, parts.head, parts.chain.genesis_hash, verify)
    except ChainError as error:
        return f"{error.code} {error.why}"
    return None


def test_a_right_header_is_accepted(parts: Parts, payload: Payload) -> None:
    assert check(parts, payload.header, payload.previous_certificate) is None


Change = Callable[[Header], Header]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda h: replace(h, version=HEADER_VERSION + 1), "it has another version"),
        (lambda h: replace(h, genesis=NOWHERE), "it is for another chain"),
        (lambda h: replace(h, height=Height(h.height + 1)), "its height is not 3"),
        (lambda h: replace(h, previous=NOWHERE), "it does not follow the last block"),
        (lambda h: replace(h, proposer=4), "its proposer does not exist"),
        (
            lambda h: replace(h, previous_certificate=NOWHERE),
            "the certificate is not the one its header names",
        ),
        (lambda h: replace(h, time_ms=UnixMillis(h.time_ms + 1)), "its time is not"),
        (lambda h: replace(h, time_ms=UnixMillis(h.time_ms - 1)), "its time is not"),
    ],
)
def test_a_header_that_breaks_one_rule_is_refused(
    parts: Parts, payload: Payload, change: Change, reason: str
) -> None:
    said = check(parts, change(payload.header), payload.previous_certificate)
    assert said is not None
    assert said.startswith(f"VT-3010 The block cannot be voted for: {reason}")


def with_certificate(payload: Payload, certificate: QuorumCertificate | None) -> Header:
    return replace(payload.header, previous_certificate=hash_previous_certificate(certificate))


def test_a_certificate_is_needed_after_the_first_block(parts: Parts, payload: Payload) -> None:
    said = check(parts, with_certificate(payload, None), None)
    assert said is not None
    assert "the previous certificate is missing" in said


def test_a_certificate_of_another_block_or_height_is_refused(
    parts: Parts, payload: Payload
) -> None:
    real = parts.head.certificate
    assert real is not None
    for other in (replace(real, block=NOWHERE), replace(real, height=Height(1))):
        said = check(parts, with_certificate(payload, other), other)
        assert said is not None
        assert "its certificate is for another block" in said


def test_another_certificate_of_the_last_block_counts_when_it_holds(
    parts: Parts, payload: Payload
) -> None:
    real = parts.head.certificate
    assert real is not None
    fewer = replace(real, signatures=real.signatures[1:])
    assert check(parts, with_certificate(payload, fewer), fewer) is None
    few = replace(real, signatures=real.signatures[2:])
    said = check(parts, with_certificate(payload, few), few)
    assert said is not None
    assert said.startswith("VT-1306")
    other_round = replace(real, round=Round(1))
    said = check(parts, with_certificate(payload, other_round), other_round)
    assert said is not None
    assert said.startswith("VT-1306")


def test_the_name_of_a_value_is_bound_to_every_byte_of_its_header(payload: Payload) -> None:
    value = to_value(payload)
    for name in Header.__struct_fields__:
        field = getattr(payload.header, name)
        changed = NOWHERE if isinstance(field, bytes) else field + 1
        header = replace(payload.header, **{name: changed})
        false = Value(value.id, encode(replace(payload, header=header)), value.time_ms)
        with pytest.raises(InvalidInput):
            from_value(false, LIMITS)
