"""What is done with a transaction before it is anywhere: decode, hash, check its signature."""

import pytest

from chain.hashing import signing_hash
from chain.keys import verify
from chain.transaction import Transaction, decode_transaction
from tests.bench.conftest import Measure
from tests.bench.material import make_updates

pytestmark = pytest.mark.bench


def decode_all(transactions: tuple[Transaction, ...]) -> None:
    for transaction in transactions:
        assert decode_transaction(transaction.raw).id == transaction.id


def test_decode_and_hash_100_single_updates(measure: Measure) -> None:
    updates = make_updates("single", 100)
    measure(lambda: decode_all(updates))


def test_decode_and_hash_10_batches_of_100_readings(measure: Measure) -> None:
    updates = make_updates("batch100", 10)
    measure(lambda: decode_all(updates))


def test_check_100_signatures(measure: Measure) -> None:
    signed = [
        (one.body.sender, signing_hash("transaction", one.body.genesis, one.id), one.signature)
        for one in make_updates("single", 100)
    ]
    assert all(verify(*one) for one in signed)
    measure(lambda: [verify(*one) for one in signed])
