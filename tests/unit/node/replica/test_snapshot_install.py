"""Putting a snapshot in place: on an empty store and on an old one, whole or not at all."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from chain.codec import decode, encode
from chain.errors import Corruption
from chain.genesis import Limits
from chain.keys import verify
from chain.log_range import name_roots
from chain.merkle import prove_inclusion_stored, verify_inclusion
from chain.scalars import Height, UnixMillis
from chain.state_chunk import StateChunk
from chain.state_tree import update
from chain.state_walk import walk
from node.replica import keys, pruning
from node.replica.commit import build_batch, next_head
from node.replica.head import Head
from node.replica.messages import PartRequest
from node.replica.past import Base, load_base, load_head, load_swept, split_hashes
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.pruning import Pruner
from node.replica.snapshot_install import finish_install, install
from node.replica.snapshot_plan import CommitteePath
from node.replica.snapshot_server import SnapshotServer
from node.replica.snapshot_work import SnapshotWork
from node.replica.stored_log import StoredLog
from node.replica.stored_tree import StoredTree, read_state_at, tree_puts
from node.storage.check import check_all
from tests.unit.node.chain_builder import TURBINE, ChainBuilder

WINDOW = 3
BLOCKS = 14
TARGET = 12
END = b"\xff" * 9


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 1_000)
    monkeypatch.setattr("node.replica.snapshot_install.PUTS_PER_BATCH", 7)


def grow(chain: ChainBuilder, last: int) -> None:
    """Add blocks: a value that comes back, a twin for each block."""
    while chain.head.height < last:
        number = chain.head.height + 1
        if number == 1:
            chain.add_block(chain.register_turbine())
        else:
            value = ("5", "6")[number % 2]
            chain.add_block(chain.power(value), chain.register_turbine(f"R{number}"))


@dataclass
class Bench:
    """A whole chain, and a store that has less of it with all parts of a snapshot."""

    chain: ChainBuilder
    store: MemoryStore
    old: Head

    def install(self) -> Head:
        return install(self.store, self.limits)

    @property
    def limits(self) -> Limits:
        return replace(self.chain.genesis.limits, expiry_window_blocks=WINDOW)

    def rows(self, column: Column) -> dict[bytes, bytes]:
        return dict(self.store.range(column, b"", END))

    def sweep(self) -> None:
        """Let all be deleted that is no longer needed."""
        head = load_head(self.store)
        assert head is not None
        pruner = Pruner(self.store, self.limits, 0)
        while (batch := pruner.step(head)) is not None:
            self.store.write(batch, sync=False)


def make(own: int, target: int = TARGET) -> Bench:
    """Fetch the snapshot of a height into a store that has `own` blocks."""
    chain, store = ChainBuilder(), MemoryStore()
    follower = ChainBuilder(store)
    grow(chain, BLOCKS)
    for executed, certificate in zip(chain.blocks[:own], chain.certificates[:own], strict=True):
        store.write(build_batch(executed, certificate), sync=True)
        follower.head = next_head(executed, certificate)
    bench = Bench(chain, store, follower.head)
    fetch(bench, target)
    return bench


def fetch(bench: Bench, target: int) -> None:
    """Fetch all parts of the snapshot of a height."""
    chain, store = bench.chain, bench.store
    server = SnapshotServer(chain.store, bench.limits, target)
    offer = server.offer(chain.head).offer
    assert offer is not None
    plan = CommitteePath(bench.old, offer, chain.genesis_hash, verify).check()
    assert plan.height == target
    work = SnapshotWork(plan, WINDOW)
    store.write(WriteBatch((Put(Column.META, keys.SNAPSHOT, encode(plan)),)), sync=True)
    while (part := work.take()) is not None:
        given = server.part(PartRequest(plan.height, part), chain.head, UnixMillis(0)).given
        assert given is not None
        store.write(WriteBatch(tuple(work.accept(part, given))), sync=True)
    assert work.is_done


@pytest.mark.parametrize("own", [0, 1, 5, 8, 10, 11])
def test_the_store_then_holds_the_state_of_the_height_and_what_follows_fits(own: int) -> None:
    bench = make(own)
    head = bench.install()
    executed = bench.chain.blocks[TARGET - 1]
    assert (head.height, head.block) == (TARGET, executed.hash)
    assert head.state_root == executed.header.state_root
    assert load_base(bench.store) == Base(Height(TARGET), Height(TARGET - WINDOW))
    assert check_all(bench.store, bench.chain.genesis) == head
    for key, value in bench.rows(Column.STATE).items():
        assert read_state_at(bench.store, key, Height(TARGET)) == value
    follower = ChainBuilder(bench.store)
    bench.store.write(WriteBatch((Put(Column.META, keys.HEAD, encode(head)),)), sync=True)
    follower.head = head
    for block, certificate in zip(
        bench.chain.blocks[12:], bench.chain.certificates[12:], strict=True
    ):
        again = follower.ledger.execute_block(
            follower.head, block.header.proposer, block.transactions, follower.head.certificate
        )
        assert again.header == block.header
        bench.store.write(build_batch(again, certificate), sync=True)
        follower.head = next_head(again, certificate)
    assert check_all(bench.store, bench.chain.genesis) == bench.chain.head


@pytest.mark.parametrize("own", [0, 1, 5, 8, 9, 10, 11])
def test_nothing_of_the_old_chain_stays_in_the_end(own: int) -> None:
    bench, fresh = make(own), make(0)
    for one in (bench, fresh):
        one.install()
        one.sweep()
    tree = StoredTree(bench.store)
    live = {node for node, _ in walk(bench.chain.blocks[TARGET - 1].header.state_root, tree.node)}
    assert bench.rows(Column.TREE).keys() == live
    for column in set(Column) - {Column.META, Column.HISTORY}:
        assert bench.rows(column) == fresh.rows(column), column
    own_versions, versions = bench.rows(Column.HISTORY), fresh.rows(Column.HISTORY)
    assert len(own_versions) == len(versions), "one of each key, be it from before the snapshot"
    assert {row[:-8]: value for row, value in own_versions.items()} == {
        row[:-8]: value for row, value in versions.items()
    }


@pytest.mark.parametrize("first", [8, 10, 11])
def test_a_second_snapshot_may_begin_within_rows_of_the_first(first: int) -> None:
    bench, fresh = make(0, first), make(0)
    bench.old = bench.install()
    fetch(bench, TARGET)
    head = bench.install()
    log = StoredLog(bench.store)
    for index in range(bench.chain.blocks[TARGET - WINDOW - 1].header.tx_log_size, head.log.size):
        path = prove_inclusion_stored(index, head.log.size, log.root)
        assert verify_inclusion(log.root(0, index), index, head.log.size, path, head.log.root)
    fresh.install()
    for one in (bench, fresh):
        one.sweep()
    assert bench.rows(Column.LOG) == fresh.rows(Column.LOG)


def test_what_may_be_repeated_is_known_also_where_old_blocks_overlap() -> None:
    bench = make(10)
    bench.install()
    recent = [t.id for b in bench.chain.blocks[TARGET - WINDOW : TARGET] for t in b.transactions]
    for _ in range(2):
        for id_ in recent:
            assert bench.store.get(Column.INDEX, keys.transaction(id_)) is not None
        bench.sweep()
    old = [t.id for block in bench.chain.blocks[: TARGET - WINDOW] for t in block.transactions]
    assert all(bench.store.get(Column.INDEX, keys.transaction(id_)) is None for id_ in old)


def test_a_part_that_was_damaged_after_it_came_is_damage_of_this_disk() -> None:
    bench = make(0)
    (key, data) = next(iter(bench.store.range(Column.META, keys.SNAPSHOT_CHUNKS, b"t")))
    chunk = decode(data, StateChunk, 1 << 20)
    damaged = encode(replace(chunk, pairs=chunk.pairs[1:]))
    bench.store.write(WriteBatch((Put(Column.META, key, damaged),)), sync=True)
    with pytest.raises(Corruption, match=r"VT-6012: .*a part of the snapshot was damaged here"):
        bench.install()


def test_the_log_can_be_appended_to_and_proved_from_there() -> None:
    bench = make(0)
    head = bench.install()
    log = StoredLog(bench.store)
    for node, root in zip(name_roots(head.log.size), head.log.roots, strict=True):
        assert log.find(*node) == root
    whole = StoredLog(bench.chain.store)
    for key, row in bench.rows(Column.LOG).items():
        level, first = key[0], keys.index_of_log_node(key)
        assert split_hashes(row) == tuple(
            whole.root(level, index) for index in range(first, first + len(row) // 32)
        )


def test_a_key_that_is_gone_is_gone() -> None:
    bench = make(5)
    key = b"twin/" + TURBINE.encode()
    changed = replace(bench.old, height=Height(5))
    tree = StoredTree(bench.store)
    extra = update(changed.state_root, {b"extra": b"1"}, tree.node)
    head = replace(changed, state_root=extra.root)
    bench.store.write(
        WriteBatch(
            (
                *tree_puts(extra, Height(5)),
                Put(Column.STATE, b"extra", b"1"),
                Put(Column.HISTORY, keys.history(b"extra", Height(5)), b"1"),
                Put(Column.META, keys.HEAD, encode(head)),
            )
        ),
        sync=True,
    )
    bench.install()
    assert bench.store.get(Column.STATE, b"extra") is None
    assert read_state_at(bench.store, b"extra", Height(TARGET)) is None
    assert read_state_at(bench.store, key, Height(TARGET)) is not None
    bench.sweep()
    assert [row for row in bench.rows(Column.HISTORY) if b"extra" in row] == []


@pytest.mark.parametrize("own", [5, 9, 11])
def test_doing_it_again_after_a_power_cut_comes_to_the_same(own: int) -> None:
    whole = make(own)
    whole.install()
    for lost in range(40):
        bench = make(own)
        copy = _Cut(bench.store, lost)
        try:
            install(copy, bench.limits)
        except _PowerCut:
            finish_install(bench.store, bench.limits)
        for column in Column:
            assert bench.rows(column) == whole.rows(column)


class _PowerCut(Exception):
    pass


class _Cut:
    """A store whose power fails after some writes; the first, which notes it, is safe."""

    def __init__(self, store: MemoryStore, writes: int) -> None:
        self._store = store
        self._left = writes + 1
        self.get = store.get
        self.range = store.range

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        if self._left == 0:
            raise _PowerCut
        self._left -= 1
        self._store.write(batch, sync=sync)


def test_where_nothing_was_begun_nothing_is_finished() -> None:
    bench = make(5)
    before = {column: bench.rows(column) for column in Column}
    assert finish_install(bench.store, bench.limits) is None
    assert {column: bench.rows(column) for column in Column} == before


def test_parts_that_are_left_over_are_deleted_at_the_start() -> None:
    bench = make(0)
    bench.store.write(WriteBatch((Put(Column.META, keys.SNAPSHOT, None),)), sync=True)
    assert finish_install(bench.store, bench.limits) is None
    assert [key for key in bench.rows(Column.META) if key.startswith(b"snapshot")] == []


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (keys.SNAPSHOT, "a snapshot without a plan was to be put in place"),
        (keys.HEAD, "a snapshot without a plan was to be put in place"),
    ],
)
def test_what_is_missing_is_damage_of_this_disk(key: bytes, reason: str) -> None:
    bench = make(0)
    bench.store.write(WriteBatch((Put(Column.META, key, None),)), sync=True)
    with pytest.raises(Corruption, match=reason):
        bench.install()


def test_ids_that_are_missing_are_noticed() -> None:
    bench = make(0)
    first = next(iter(bench.store.range(Column.META, b"snapshot/i", b"snapshot/j")))[0]
    bench.store.write(WriteBatch((Put(Column.META, first, None),)), sync=True)
    with pytest.raises(Corruption, match="ids of the snapshot are missing"):
        bench.install()


def test_how_far_deleting_had_come_is_kept() -> None:
    bench = make(5)
    bench.install()
    swept = load_swept(bench.store)
    assert (swept.height, swept.reach, swept.log_size) == (0, 0, 0)
    assert swept.log_end == bench.old.log.size
    bench.sweep()
    swept = load_swept(bench.store)
    assert (swept.height, swept.reach, swept.log_end) == (TARGET, TARGET - WINDOW, None)
