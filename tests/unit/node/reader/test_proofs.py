"""Every proof is checked by the chain's own verifier, with genesis alone."""

import pytest

from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH
from chain.proven_receipt import check_receipt, receipt_from_json
from chain.reading_proof import check_reading_proof
from chain.scalars import Hash, Height, TwinId
from chain.state_tree import check_state_proof
from contracts import state_keys
from node.reader import Reader
from tests.unit.node.chain_builder import TURBINE, ChainBuilder


def test_receipt_of_every_transaction_verifies(reader: Reader, chain: ChainBuilder) -> None:
    for block in chain.blocks:
        for transaction in block.transactions:
            file = reader.proofs.receipt(transaction.id)
            assert file is not None
            verdict = check_receipt(receipt_from_json(file), chain.genesis)
            assert verdict.transaction == transaction.id


def test_there_is_no_receipt_of_what_was_not_ordered(reader: Reader) -> None:
    assert reader.proofs.receipt(Hash(bytes(32))) is None


def test_receipt_names_only_files_that_were_attested(reader: Reader, chain: ChainBuilder) -> None:
    attested = chain.blocks[4].transactions[0].id
    file = reader.proofs.receipt(attested, "report.pdf")
    assert file is not None
    assert b'"report.pdf"' in file
    assert reader.proofs.receipt(attested) == file, "the only file needs no naming"
    with pytest.raises(InvalidInput, match=r"attests no file"):
        reader.proofs.receipt(attested, "other.pdf")


@pytest.mark.parametrize("index", [0, 1, 2])
def test_one_reading_is_proved_alone(reader: Reader, chain: ChainBuilder, index: int) -> None:
    transaction = chain.blocks[1].transactions[0].id
    proof = reader.proofs.reading(transaction, index)
    assert proof is not None
    assert proof.reading.value == ("100", "2000.5", "1500")[index]
    assert check_reading_proof(proof, chain.genesis_hash) == transaction


@pytest.mark.parametrize("index", [3, -1, 10**9])
def test_reading_that_does_not_exist_has_no_proof(
    reader: Reader, chain: ChainBuilder, index: int
) -> None:
    assert reader.proofs.reading(chain.blocks[1].transactions[0].id, index) is None


def test_other_transactions_have_no_readings(reader: Reader, chain: ChainBuilder) -> None:
    assert reader.proofs.reading(chain.blocks[0].transactions[0].id, 0) is None


@pytest.mark.parametrize("height", [1, 2, 4, 7])
@pytest.mark.parametrize("twin", [TURBINE, "R9"])
def test_state_is_proved_at_every_height_present_or_absent(
    reader: Reader, height: int, twin: str
) -> None:
    found = reader.proofs.state(state_keys.twin_key(TwinId(twin)), Height(height))
    assert (found.value is None) == (twin == "R9")
    root = reader.state_root(Height(height))
    assert root == found.header.state_root
    check_state_proof(root, found.key, found.value, found.proof)
    assert found.certificate.height == height


def test_nothing_is_proved_before_the_first_block(reader: Reader) -> None:
    with pytest.raises(InvalidInput) as caught:
        reader.proofs.state(b"twin/R80711", Height(0))
    assert caught.value.code == "VT-7002"


def test_root_of_genesis_is_known(reader: Reader, chain: ChainBuilder) -> None:
    assert reader.state_root(Height(0)) == ChainBuilder().head.state_root != EMPTY_HASH
    assert reader.time_of(Height(0)) == chain.genesis.created_ms
