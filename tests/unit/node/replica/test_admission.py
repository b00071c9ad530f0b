"""The gate for transactions."""

import pytest
from msgspec.structs import replace

from chain.codec import encode
from chain.errors import InvalidInput, Refused
from chain.keys import SigningKey
from chain.operations import RegisterKey, RevokeKey, Telemetry, TwinReadings
from chain.scalars import Signature, TwinId
from chain.transaction import SignedTransaction, Transaction, decode_transaction
from tests.unit.node.chain_builder import TURBINE, seed_of
from tests.unit.node.replica.parts import Parts

STRANGER = SigningKey(seed_of("nobody"))


@pytest.fixture
def parts() -> Parts:
    return Parts()


def regroup(transaction: Transaction, batches: tuple[TwinReadings, ...]) -> bytes:
    body = replace(transaction.body, operation=Telemetry(batches))
    return encode(SignedTransaction(encode(body), transaction.signature))


def test_a_good_transaction_decodes_to_itself(parts: Parts) -> None:
    transaction = parts.chain.power("1")
    assert parts.admission.decode(transaction.raw) == transaction
    parts.admission.check_orderable(transaction, parts.head)
    assert parts.admission.organisation_of(transaction, parts.head) == "borne-energie"


def test_bytes_that_are_no_transaction_are_refused(parts: Parts) -> None:
    with pytest.raises(InvalidInput, match=r"^VT-1001: The 4 bytes do not decode as Signed"):
        parts.admission.decode(b"junk")


def test_a_transaction_of_another_size_than_genesis_allows_is_refused(parts: Parts) -> None:
    limit = parts.admission.size_bytes_max
    with pytest.raises(InvalidInput, match=rf"^VT-1003: .* has {limit + 1} bytes; at most {limit}"):
        parts.admission.decode(bytes(limit + 1))


def test_a_changed_signature_is_refused(parts: Parts) -> None:
    transaction = parts.chain.power("1")
    wrong = Signature(bytes(64))
    raw = encode(SignedTransaction(encode(transaction.body), wrong))
    with pytest.raises(InvalidInput, match=rf"^VT-2002: .* {transaction.id.hex()} does not verify"):
        parts.admission.decode(raw)


def test_a_transaction_of_another_chain_is_refused(parts: Parts) -> None:
    transaction = parts.chain.power("1")
    other = replace(transaction.body, genesis=parts.head.block)
    with pytest.raises(InvalidInput, match=r"^VT-2001: It names genesis "):
        parts.admission.decode(encode(SignedTransaction(encode(other), transaction.signature)))


def test_telemetry_has_one_grouping_so_that_its_size_is_the_same_everywhere(parts: Parts) -> None:
    transaction = parts.chain.power("1", "2", "3")
    assert isinstance(transaction.body.operation, Telemetry)
    readings = transaction.body.operation.batches[0].readings
    split = regroup(
        transaction, (TwinReadings(TURBINE, readings[:1]), TwinReadings(TURBINE, readings[1:]))
    )
    assert decode_transaction(split).id == transaction.id, "the id does not tell them apart"
    assert len(split) > transaction.size_bytes
    with pytest.raises(InvalidInput, match=r"^VT-1002: The bytes decode as telemetry but encode"):
        parts.admission.decode(split)


def test_batches_of_twins_in_turn_are_one_grouping_only(parts: Parts) -> None:
    first = parts.chain.power("1", "2", "3").body.operation
    assert isinstance(first, Telemetry)
    one, two, three = first.batches[0].readings
    other = TwinId("R9")
    batches = (
        TwinReadings(TURBINE, (one,)),
        TwinReadings(other, (two,)),
        TwinReadings(TURBINE, (three,)),
    )
    transaction = parts.sign(Telemetry(batches))
    assert parts.admission.decode(transaction.raw) == transaction


def test_what_a_block_holds_is_not_ordered_again(parts: Parts) -> None:
    assert parts.admission.is_committed(parts.registered.id)
    with pytest.raises(Refused, match=rf"^VT-2005: Transaction {parts.registered.id.hex()} was"):
        parts.admission.check_orderable(parts.registered, parts.head)


@pytest.mark.parametrize(
    ("expiry", "code"), [(2, "VT-2003"), (3, None), (1003, None), (1004, "VT-2004")]
)
def test_a_transaction_is_orderable_within_its_window(
    parts: Parts, expiry: int, code: str | None
) -> None:
    operation = parts.chain.power("1").body.operation
    transaction = parts.chain.transaction(operation, expiry=expiry)
    if code is None:
        parts.admission.check_orderable(transaction, parts.head)
        return
    with pytest.raises(InvalidInput) as caught:
        parts.admission.check_orderable(transaction, parts.head)
    assert caught.value.code == code


def test_a_key_that_nobody_registered_acts_for_nobody(parts: Parts) -> None:
    operation = parts.chain.power("1").body.operation
    transaction = parts.chain.transaction(operation, key=STRANGER)
    with pytest.raises(Refused, match=rf"^VT-2010: Key {STRANGER.public_key.hex()} is not"):
        parts.admission.organisation_of(transaction, parts.head)


def test_a_revoked_key_acts_for_nobody(parts: Parts) -> None:
    gateway = SigningKey(seed_of("gateway"))
    operation = parts.chain.power("1").body.operation
    transaction = parts.chain.transaction(operation, key=gateway)
    parts.chain.add_block(parts.sign(RegisterKey(gateway.public_key, "gateway", ("gateway",))))
    assert parts.admission.organisation_of(transaction, parts.head) == "borne-energie"
    parts.chain.add_block(parts.sign(RevokeKey(gateway.public_key, "lost")))
    with pytest.raises(Refused, match=rf"^VT-2011: Key {gateway.public_key.hex()} was revoked at"):
        parts.admission.organisation_of(transaction, parts.head)
