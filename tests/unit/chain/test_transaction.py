"""Transactions: their id, signature and the checks that need no state."""

import pytest
from msgspec.structs import replace

from chain.codec import encode
from chain.errors import InvalidInput
from chain.hashing import hash_tagged
from chain.operations import Telemetry, digest_operation
from chain.scalars import Hash, Height, PublicKey, Signature, to_bytes
from chain.transaction import (
    SignedTransaction,
    Transaction,
    check_expiry,
    check_stateless,
    compute_id,
    compute_id_from_digest,
    decode_transaction,
    log_leaf,
    sign,
)
from tests.vectors.sample import make_chain, make_key, make_telemetry, make_transaction

CHAIN = make_chain()
ONE = CHAIN.transactions[0]


def refuse(transaction: Transaction, genesis: Hash = CHAIN.genesis_hash) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        check_stateless(transaction, genesis)
    return caught.value.code, caught.value.why


@pytest.mark.parametrize("transaction", CHAIN.transactions, ids=lambda t: t.id.hex()[:8])
def test_a_transaction_travels_and_verifies(transaction: Transaction) -> None:
    opened = decode_transaction(transaction.raw)
    assert opened == transaction
    assert opened.size_bytes == len(transaction.raw)
    check_stateless(opened, CHAIN.genesis_hash)


def test_the_id_leaves_the_signature_out_but_takes_all_else_in() -> None:
    body = ONE.body
    changed = [
        replace(body, genesis=Hash(bytes(32))),
        replace(body, sender=make_key("other").public_key),
        replace(body, operation=CHAIN.transactions[1].body.operation),
        replace(body, expiry_height=Height(7)),
        replace(body, salt=b"12345678"),
    ]
    assert len({compute_id(each) for each in [body, *changed]}) == 6


def test_a_telemetry_id_hangs_on_every_reading_and_their_order() -> None:
    good = make_telemetry()
    first, second = good.batches
    changed = [
        Telemetry((second, first)),
        Telemetry((first,)),
        Telemetry((replace(first, readings=first.readings[::-1]), second)),
        Telemetry((replace(first, twin=second.twin), second)),
    ]
    assert len({digest_operation(each) for each in [good, *changed]}) == 5


def test_an_operations_digest_is_its_tagged_hash() -> None:
    operation = ONE.body.operation
    assert digest_operation(operation) == hash_tagged("operation", encode(operation))
    body = ONE.body
    assert ONE.id == hash_tagged(
        "transaction",
        body.genesis,
        body.sender,
        digest_operation(operation),
        to_bytes(body.expiry_height),
        body.salt,
    )


@pytest.mark.parametrize("salt", [b"", bytes(8), bytes(16), bytes(300)])
@pytest.mark.parametrize("genesis", [bytes(32), b"short"])
def test_an_id_is_a_tagged_hash_whatever_the_sizes(genesis: bytes, salt: bytes) -> None:
    known = Hash(genesis), PublicKey(bytes(32)), Hash(b"\1" * 32)
    expected = hash_tagged("transaction", *known, to_bytes(7), salt)
    assert compute_id_from_digest(*known, Height(7), salt) == expected


def test_another_chain_is_refused() -> None:
    other = Hash(bytes(32))
    assert refuse(ONE, other) == (
        "VT-2001",
        f"It names genesis {CHAIN.genesis_hash.hex()}, this chain is {other.hex()}.",
    )


def test_a_signature_of_another_is_refused() -> None:
    forged = replace(ONE, signature=CHAIN.transactions[1].signature)
    code, why = refuse(forged)
    assert code == "VT-2002"
    assert why == (
        f"The signature of transaction {ONE.id.hex()} does not verify under sender key "
        f"{ONE.body.sender.hex()}."
    )


def test_only_the_sender_signs() -> None:
    with pytest.raises(AssertionError, match="the sender signs"):
        sign(ONE.body, make_key("other"))


def test_a_body_that_is_not_canonical_is_refused() -> None:
    body = encode(ONE.body)
    for changed, code in ((body + b"\xc0", "VT-1001"), (b"\xdc\0\x05" + body[1:], "VT-1002")):
        with pytest.raises(InvalidInput) as caught:
            decode_transaction(encode(SignedTransaction(changed, ONE.signature)))
        assert caught.value.code == code


def test_size_has_a_limit() -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_transaction(ONE.raw, len(ONE.raw) - 1)
    assert caught.value.code == "VT-1003"
    assert decode_transaction(ONE.raw, len(ONE.raw)) == ONE


@pytest.mark.parametrize(
    ("height", "code"),
    [(99, None), (100, None), (101, "VT-2003"), (90, None), (89, "VT-2004")],
)
def test_the_expiry_height_is_the_last_that_may_hold_it(height: int, code: str | None) -> None:
    transaction = make_transaction("gateway", make_telemetry(), 0)
    assert transaction.body.expiry_height == 100
    if code is None:
        check_expiry(transaction, Height(height), 10)
        return
    with pytest.raises(InvalidInput) as caught:
        check_expiry(transaction, Height(height), 10)
    assert caught.value.code == code


def test_the_log_leaf_is_the_id_whatever_the_signature() -> None:
    assert log_leaf(ONE) == ONE.id
    other = replace(ONE, signature=Signature(bytes(64)))
    assert log_leaf(other) == log_leaf(ONE)
