"""What is written when a height is decided."""

from dataclasses import replace

import pytest

from chain.block import Block
from chain.certificate import QuorumCertificate
from chain.codec import decode
from chain.merkle import index_completed
from chain.scalars import Height
from contracts import state_keys
from node.replica import keys
from node.replica.commit import (
    BlockReceipts,
    build_batch,
    build_commit,
    build_genesis_batch,
    next_head,
    touched_twins,
)
from node.replica.head import Head
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.stored_log import StoredLog
from tests.unit.node.chain_builder import TURBINE, ChainBuilder, build_demo

SIZE = 1 << 30


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    return build_demo()


def test_one_batch_holds_everything_about_a_height(chain: ChainBuilder) -> None:
    executed, certificate = chain.blocks[3], chain.certificates[3]
    commit = build_commit(executed, certificate, is_catch_up=True)
    written = {(put.column, put.key): put.value for put in commit.batch.puts}
    assert len(written) == len(commit.batch.puts), "no key is written twice"
    height, header = Height(4), executed.header

    def read(column: Column, key: bytes) -> bytes:
        value = written[column, key]
        assert value is not None
        return value

    assert decode(read(Column.META, keys.HEAD), Head, SIZE) == next_head(executed, certificate)
    assert decode(read(Column.BLOCKS, keys.block(height)), Block, SIZE) == executed.block
    stored = decode(read(Column.BLOCKS, keys.certificate(height)), QuorumCertificate, SIZE)
    assert stored == certificate
    receipts = decode(read(Column.BLOCKS, keys.receipts(height)), BlockReceipts, SIZE).receipts
    assert receipts == executed.receipts
    at = height.to_bytes(8, "big")
    assert read(Column.INDEX, keys.block_hash(executed.hash)) == at
    assert read(Column.INDEX, keys.block_time(header.time_ms)) == at
    for index, transaction in enumerate(executed.transactions):
        place = read(Column.INDEX, keys.transaction(transaction.id))
        assert keys.decode_place(place) == (height, index)
    for key, value in executed.writes.items():
        assert written[Column.STATE, key] == value
        assert written[Column.HISTORY, keys.history(key, height)] == (value or b"")
    assert {key for column, key in written if column is Column.TREE} == {
        node for node, _ in executed.tree.nodes
    }
    log = MemoryStore()
    log.write(WriteBatch(tuple(p for p in commit.batch.puts if p.column is Column.LOG)), sync=True)
    for (level, index), root in index_completed(executed.log_nodes).items():
        assert StoredLog(log).find(level, index) == root
    assert (commit.height, commit.block, commit.is_catch_up) == (4, executed.hash, True)
    assert commit.size_bytes == sum(len(t.raw) for t in executed.transactions)


def test_what_the_engine_kept_goes_with_the_height_but_its_state_stays(
    chain: ChainBuilder,
) -> None:
    puts = build_batch(chain.blocks[0], chain.certificates[0]).puts
    assert Put(Column.META, keys.VALID, None) in puts
    assert [put for put in puts if put.key == keys.CONSENSUS] == []


def test_the_head_moves_by_one_block(chain: ChainBuilder) -> None:
    for number, (executed, certificate) in enumerate(
        zip(chain.blocks, chain.certificates, strict=True), start=1
    ):
        head = next_head(executed, certificate)
        assert (head.height, head.block, head.certificate) == (number, executed.hash, certificate)
        assert head.state_root == executed.header.state_root
        assert head.log.root == executed.header.tx_log_root
        assert head.transactions_total == executed.header.tx_log_size == head.log.size


def test_a_transaction_is_found_under_every_twin_it_touched(chain: ChainBuilder) -> None:
    touched = [
        touched_twins(transaction, receipt)
        for executed in chain.blocks
        for transaction, receipt in zip(executed.transactions, executed.receipts, strict=True)
    ]
    assert touched == [
        ("haute-borne",),
        (),  # The contract is about no twin.
        ("R80711",),
        ("R80721",),
        ("R80711",),
        ("R80711",),
        ("R9",),
        ("R80711",),
        ("R80711",),  # An acknowledgement names an action; its event names the twin.
        ("R80711",),
        ("R80711",),
    ]
    prefix = keys.twin_prefix(TURBINE)
    history = [key for key, _ in chain.store.range(Column.INDEX, prefix, keys.after(prefix))]
    assert len(history) == touched.count((TURBINE,))


def test_an_empty_store_begins_with_the_state_of_genesis() -> None:
    chain = ChainBuilder()
    head, batch = build_genesis_batch(chain.genesis)
    written = {(put.column, put.key): put.value for put in batch.puts}
    assert written[Column.META, keys.GENESIS] == chain.genesis_hash == head.block
    key = state_keys.public_key_key(chain.signer("certis").public_key)
    assert written[Column.STATE, key]
    assert written[Column.HISTORY, keys.history(key, Height(0))] == written[Column.STATE, key]
    assert any(column is Column.TREE and node == head.state_root for column, node in written)


def test_a_deleted_key_leaves_the_state_but_not_its_history(chain: ChainBuilder) -> None:
    executed = replace(chain.blocks[0], writes={b"gone": None})
    puts = build_batch(executed, chain.certificates[0]).puts
    assert Put(Column.STATE, b"gone", None) in puts
    assert Put(Column.HISTORY, keys.history(b"gone", Height(1)), b"") in puts
