"""Receipts: results in the block's own tree."""

from msgspec.structs import replace

from chain.codec import decode, encode
from chain.merkle import leaf_hash, root_of_hashes
from chain.receipt import Receipt, compute_receipts_root
from tests.vectors.sample import make_chain

RECEIPTS = make_chain().blocks[1].receipts


def test_a_receipt_travels() -> None:
    for receipt in RECEIPTS:
        assert decode(encode(receipt), Receipt, 4096) == receipt


def test_the_root_is_over_encoded_receipts_in_order() -> None:
    leaves = [leaf_hash(encode(receipt)) for receipt in RECEIPTS]
    assert compute_receipts_root(RECEIPTS) == root_of_hashes(leaves)
    assert compute_receipts_root(RECEIPTS[::-1]) != root_of_hashes(leaves)
    assert compute_receipts_root(()) == root_of_hashes([])


def test_ok_is_the_only_code_that_changed_something() -> None:
    assert RECEIPTS[0].is_ok
    assert not replace(RECEIPTS[0], code="VT-2020").is_ok
