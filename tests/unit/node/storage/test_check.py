"""The start-up check: a sound database passes, and every single damage is named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.block import Block
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.errors import Corruption
from chain.hashing import EMPTY_HASH
from chain.scalars import Height, UnixMillis
from node.replica import keys
from node.replica.commit import BlockReceipts
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.storage.check import check_all, check_newest
from node.storage.rocks import RocksStore
from tests.unit.node.chain_builder import ChainBuilder
from tests.unit.node.governed_chain import build_governed

LAST = Height(4)
BIG = 1 << 20


@pytest.fixture(scope="module")
def built() -> ChainBuilder:
    builder = ChainBuilder()
    builder.add_block(builder.register_turbine(), builder.register_turbine("R80721"))
    builder.add_block(builder.power("1.5", "2.5"), signers=(0, 1, 3))
    builder.add_block()
    builder.add_block(*(builder.power(str(n), first_ms=builder.head.time_ms + n) for n in range(3)))
    return builder


@pytest.fixture
def store(built: ChainBuilder) -> MemoryStore:
    copy = MemoryStore()
    for column in Column:
        pairs = built.store.range(column, b"", b"\xff" * 9)
        copy.write(WriteBatch(tuple(Put(column, k, v) for k, v in pairs)), sync=True)
    return copy


def _put(store: MemoryStore, column: Column, key: bytes, value: bytes | None) -> None:
    store.write(WriteBatch((Put(column, key, value),)), sync=True)


def _change_block(store: MemoryStore, change: Callable[[Block], Block]) -> None:
    data = store.get(Column.BLOCKS, keys.block(LAST))
    assert data is not None
    _put(store, Column.BLOCKS, keys.block(LAST), encode(change(decode(data, Block, BIG))))


def _change_certificate(
    store: MemoryStore, change: Callable[[QuorumCertificate], QuorumCertificate]
) -> None:
    data = store.get(Column.BLOCKS, keys.certificate(LAST))
    assert data is not None
    changed = change(decode(data, QuorumCertificate, BIG))
    _put(store, Column.BLOCKS, keys.certificate(LAST), encode(changed))


def _why(store: MemoryStore, built: ChainBuilder) -> str:
    with pytest.raises(Corruption) as caught:
        check_newest(store, built.genesis)
    return str(caught.value)


def test_new_database_passes() -> None:
    assert check_newest(MemoryStore(), ChainBuilder().genesis) is None


def test_chain_at_genesis_passes() -> None:
    builder = ChainBuilder()
    assert check_all(builder.store, builder.genesis) == builder.head


@pytest.mark.parametrize("count", [1, 2, 32])
def test_sound_database_passes(store: MemoryStore, built: ChainBuilder, count: int) -> None:
    assert check_newest(store, built.genesis, count) == built.head


def test_each_block_is_checked_against_the_validators_of_its_own_height() -> None:
    governed = build_governed(MemoryStore())
    assert check_all(governed.store, governed.genesis) == governed.head
    header = governed.blocks[-1].block.header
    assert header.validators_root != governed.blocks[0].block.header.validators_root


def test_a_lost_change_of_the_validators_is_found() -> None:
    governed = build_governed(MemoryStore())
    store = governed.store
    assert isinstance(store, MemoryStore)
    start, stop = keys.committee_step(Height(0)), keys.committee_step(LAST)
    first, *_ = (key for key, _ in store.range(Column.BLOCKS, start, stop + b"\0"))
    _put(store, Column.BLOCKS, first, None)
    assert "has another validator set than it should" in _why(store, governed)


def test_sound_database_on_disk_passes(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db") as rocks:
        builder = ChainBuilder(rocks)
        builder.add_block(builder.register_turbine())
        builder.add_block(builder.power("7"))
    with RocksStore(tmp_path / "db") as rocks:
        assert check_all(rocks, builder.genesis) == builder.head


def test_whole_check_reports_its_progress(store: MemoryStore, built: ChainBuilder) -> None:
    seen: list[tuple[int, int]] = []
    check_all(store, built.genesis, lambda height, last: seen.append((height, last)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_only_the_blocks_asked_for_are_read(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.BLOCKS, keys.block(Height(1)), b"damaged")
    check_newest(store, built.genesis, 2)
    with pytest.raises(Corruption):
        check_newest(store, built.genesis, 4)


def test_missing_block_is_named(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.BLOCKS, keys.block(Height(3)), None)
    assert _why(store, built).startswith("VT-6010: Block 3, or what belongs to it,")


def test_changed_state_root_breaks_the_hash(store: MemoryStore, built: ChainBuilder) -> None:
    _change_block(
        store, lambda block: replace(block, header=replace(block.header, state_root=EMPTY_HASH))
    )
    assert _why(store, built) == (
        "VT-6011: Block 4: it has another hash in its certificate than it should."
    )


def test_changed_transaction_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _change_block(
        store,
        lambda block: replace(block, transactions=(block.transactions[1], *block.transactions[1:])),
    )
    assert _why(store, built) == "VT-6011: Block 4: receipt 0 is that of another transaction."


def test_lost_transaction_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _change_block(store, lambda block: replace(block, transactions=block.transactions[1:]))
    assert _why(store, built) == "VT-6011: Block 4: it has another log size than it should."


def test_signature_that_does_not_fit_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _change_certificate(
        store,
        lambda certificate: replace(
            certificate,
            signatures=tuple(
                replace(one, time_ms=UnixMillis(one.time_ms + 1)) for one in certificate.signatures
            ),
        ),
    )
    assert _why(store, built) == (
        "VT-6011: Block 4: the signature of borne-energie-1 does not fit."
    )


def test_too_few_signatures_are_found(store: MemoryStore, built: ChainBuilder) -> None:
    _change_certificate(
        store, lambda certificate: replace(certificate, signatures=certificate.signatures[:2])
    )
    assert _why(store, built) == "VT-6011: Block 4: weight 2 signed, 3 is needed."


def test_changed_receipt_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    key = keys.receipts(LAST)
    data = store.get(Column.BLOCKS, key)
    assert data is not None
    receipts = decode(data, BlockReceipts, BIG).receipts
    changed = BlockReceipts((replace(receipts[0], code="VT-2020"), *receipts[1:]))
    _put(store, Column.BLOCKS, key, encode(changed))
    assert _why(store, built) == (
        "VT-6011: Block 4: its receipts do not have the root in its header."
    )


def test_lost_index_of_a_transaction_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.INDEX, keys.transaction(built.blocks[-1].transactions[2].id), None)
    assert _why(store, built) == "VT-6011: Block 4: the index does not find transaction 2."


def test_changed_log_leaf_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    row = store.get(Column.LOG, keys.log_node(0, 3))
    assert row is not None
    _put(store, Column.LOG, keys.log_node(0, 3), row[:32] + bytes(32) + row[64:])
    assert _why(store, built) == "VT-6011: Block 4: the log does not hold transaction 1."


def test_a_tree_of_another_version_is_named(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.TREE, built.head.state_root, b"\x01" + bytes(64) + bytes(8))
    with pytest.raises(Corruption, match="was written by another version of this program"):
        check_newest(store, built.genesis)


def test_changed_log_node_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.LOG, keys.log_node(2, 0), bytes(32))
    assert _why(store, built) == (
        "VT-6011: Block 4: the stored log has another root than its header."
    )


def test_lost_state_root_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.TREE, built.head.state_root, None)
    assert _why(store, built) == "VT-6012: the state tree lacks its root."


def test_head_that_went_back_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    old = replace(built.head, height=Height(3))
    _put(store, Column.META, keys.HEAD, encode(old))
    assert _why(store, built) == "VT-6012: block 4 is stored, but the head is at 3."


def test_head_with_another_frontier_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    wrong = replace(built.head.log, roots=(bytes(32), built.head.log.roots[1]))
    _put(store, Column.META, keys.HEAD, encode(replace(built.head, log=wrong)))
    assert _why(store, built) == "VT-6012: the head has another log root than block 4."


def test_lost_head_is_found(store: MemoryStore, built: ChainBuilder) -> None:
    _put(store, Column.META, keys.HEAD, None)
    assert _why(store, built) == "VT-6012: there is no head, but blocks holds data."


def test_genesis_of_another_chain_is_refused(store: MemoryStore, built: ChainBuilder) -> None:
    other = replace(built.genesis, chain_id="another")
    with pytest.raises(Corruption, match="it has another chain than it should"):
        check_newest(store, other)


@pytest.mark.parametrize("value", [None, b"another value"])
def test_whole_check_finds_a_state_value_that_changed(
    store: MemoryStore, built: ChainBuilder, value: bytes | None
) -> None:
    _put(store, Column.STATE, b"twin/R80711", value)
    check_newest(store, built.genesis)
    with pytest.raises(Corruption, match="do not have the head's state root"):
        check_all(store, built.genesis)
