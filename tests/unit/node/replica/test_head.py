"""The tip of the chain."""

from chain.codec import decode, encode
from chain.genesis import compute_genesis_hash
from node.replica.head import HEAD_SIZE_BYTES_MAX, Head, head_of_genesis
from tests.unit.node.chain_builder import build_demo, make_genesis


def test_the_head_of_a_new_chain_is_its_genesis() -> None:
    genesis = make_genesis()
    head = head_of_genesis(genesis, compute_genesis_hash(genesis))
    assert (head.height, head.next_height) == (0, 1)
    assert head.block == compute_genesis_hash(genesis)
    assert head.time_ms == genesis.created_ms
    assert (head.log.size, head.transactions_total, head.certificate) == (0, 0, None)


def test_a_head_reads_back_as_it_was_stored() -> None:
    head = build_demo().head
    assert head.certificate is not None
    assert decode(encode(head), Head, HEAD_SIZE_BYTES_MAX) == head
    assert head.next_height == head.height + 1
