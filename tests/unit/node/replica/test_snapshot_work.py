"""What is still to be fetched of a snapshot, part by part, and what is made of what came."""

import pytest
from msgspec.structs import replace

from chain.codec import encode
from chain.errors import Corruption, InvalidInput
from chain.hashing import EMPTY_HASH
from chain.keys import verify
from chain.scalars import Hash, Height, UnixMillis
from node.replica import keys
from node.replica.messages import (
    HEADERS_PER_PART_MAX,
    GivenHeaders,
    GivenPart,
    GivenState,
    HeadersPart,
    IdsPart,
    PartName,
    PartRequest,
    StatePart,
)
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.snapshot_plan import CommitteePath, Plan
from node.replica.snapshot_server import SnapshotServer
from node.replica.snapshot_work import SnapshotWork, load_chunks, load_ranges, name_staged
from tests.unit.node.chain_builder import ChainBuilder, build_demo

WINDOW = 3
HEIGHT = Height(6)


class Source:
    """A chain that gives the snapshot of height 6."""

    def __init__(self) -> None:
        self.chain = build_demo()
        limits = replace(self.chain.genesis.limits, expiry_window_blocks=WINDOW)
        self.server = SnapshotServer(self.chain.store, limits, 2)
        offer = self.server.offer(self.chain.head).offer
        assert offer is not None
        head = ChainBuilder().head
        self.plan: Plan = CommitteePath(head, offer, self.chain.genesis_hash, verify).check()

    def give(self, part: PartName) -> GivenPart:
        request = PartRequest(HEIGHT, part)
        given = self.server.part(request, self.chain.head, UnixMillis(0)).given
        assert given is not None
        return given

    def work(self) -> SnapshotWork:
        return SnapshotWork(self.plan, WINDOW)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 1_000)
    monkeypatch.setattr("node.replica.snapshot_work.HEADERS_PER_PART_MAX", 2)
    monkeypatch.setattr("node.replica.snapshot_work.IDS_PER_RANGE_MAX", 2)


@pytest.fixture
def source() -> Source:
    return Source()


def fetch(source: Source, work: SnapshotWork, store: MemoryStore, parts: int = 10_000) -> int:
    """Fetch some parts, one after the other, in a store; give how many came."""
    for number in range(parts):
        part = work.take()
        if part is None:
            return number
        store.write(WriteBatch(tuple(work.accept(part, source.give(part)))), sync=False)
    return parts


def test_all_parts_together_are_the_whole(source: Source) -> None:
    work, store = source.work(), MemoryStore()
    count = fetch(source, work, store)
    assert work.is_done
    assert count == work.progress.done == work.progress.known > 10
    assert work.progress.state_permille == 1000
    pairs = dict(pair for chunk in load_chunks(store) for pair in chunk.pairs)
    given = source.give(StatePart(0, 0))
    assert isinstance(given, GivenState)
    assert len(pairs) > len(given.chunk.pairs)
    ids = [id_ for found in load_ranges(store) for id_ in found.ids]
    blocks = source.chain.blocks[HEIGHT - WINDOW : HEIGHT]
    assert ids == [t.id for block in blocks for t in block.transactions]
    heights = [int.from_bytes(key[1:], "big") for key, _ in store.range(Column.BLOCKS, b"g", b"h")]
    assert heights == [3, 4, 5], "that of the snapshot is in the plan"
    store.write(WriteBatch(tuple(name_staged(store))), sync=False)
    assert list(load_chunks(store)) == []
    assert list(load_ranges(store)) == []


def test_headers_come_first_one_part_at_a_time(source: Source) -> None:
    work = source.work()
    first = work.take()
    assert first == HeadersPart(Height(5), 2)
    assert work.take() == StatePart(0, 0), "the second part of headers is named by the first"
    assert work.take() is None
    work.accept(first, source.give(first))
    assert work.take() == HeadersPart(Height(3), 1)


def test_a_part_that_did_not_come_is_asked_for_again(source: Source) -> None:
    work = source.work()
    for part in (work.take(), work.take()):
        assert part is not None
        work.give_back(part)
    assert {type(work.take()), type(work.take())} == {HeadersPart, StatePart}
    store = MemoryStore()
    work = source.work()
    fetch(source, work, store, 2)
    part = work.take()
    assert isinstance(part, IdsPart)
    work.give_back(part)
    fetch(source, work, store)
    assert work.is_done


@pytest.mark.parametrize("parts", range(13))
def test_it_goes_on_where_it_was(source: Source, parts: int) -> None:
    work, store = source.work(), MemoryStore()
    fetch(source, work, store, parts)
    again = SnapshotWork.resume(source.plan, WINDOW, store)
    assert again.progress.state_permille == work.progress.state_permille
    assert set(again._places) == set(work._places)
    rest = fetch(source, again, store)
    assert again.is_done
    whole = MemoryStore()
    assert rest + parts == fetch(source, source.work(), whole)
    for column in (Column.META, Column.BLOCKS):
        assert list(store.range(column, b"", b"\xff")) == list(whole.range(column, b"", b"\xff"))


def test_a_window_longer_than_the_chain_begins_at_the_first_block(source: Source) -> None:
    work = SnapshotWork(source.plan, 1_000)
    assert work.lowest == 0
    store = MemoryStore()
    while isinstance(part := work.take(), HeadersPart):
        store.write(WriteBatch(tuple(work.accept(part, source.give(part)))), sync=False)
    assert [key for key, _ in store.range(Column.BLOCKS, b"g", b"h")] == [
        keys.header(Height(height)) for height in range(1, 6)
    ]
    assert isinstance(part, IdsPart)
    assert min(one.first for one in (part, *work._ranges)) == 0


def refused(work: SnapshotWork, part: PartName, given: GivenPart) -> str:
    with pytest.raises(InvalidInput) as caught:
        work.accept(part, given)
    return caught.value.why


def test_what_does_not_hold_changes_nothing(source: Source) -> None:
    work = source.work()
    headers, state = work.take(), work.take()
    assert isinstance(headers, HeadersPart)
    assert isinstance(state, StatePart)
    before = work.progress
    good = source.give(headers)
    assert isinstance(good, GivenHeaders)
    assert "0 headers are not what was asked" in refused(work, headers, GivenHeaders(()))
    many = GivenHeaders((good.headers[0],) * (HEADERS_PER_PART_MAX - 1))
    assert "headers are not what was asked" in refused(work, headers, many)
    changed = GivenHeaders((good.headers[0], replace(good.headers[1], tx_log_size=1)))
    assert "the one after it names another" in refused(work, headers, changed)
    assert "no answer to what was asked" in refused(work, headers, source.give(state))
    chunk = source.give(state)
    assert isinstance(chunk, GivenState)
    hollow = GivenState(replace(chunk.chunk, pairs=()))
    assert "the chunk holds nothing" in refused(work, state, hollow)
    assert work.progress == before
    work.accept(headers, good)
    work.accept(state, chunk)


def test_a_chunk_of_another_place_is_refused(source: Source) -> None:
    work = source.work()
    headers, state = work.take(), work.take()
    assert headers is not None
    assert state is not None
    work.accept(state, source.give(state))
    places = work._places[:]
    asked, other = StatePart(*places[-1]), StatePart(*places[0])
    assert work.take() == asked
    assert refused(work, asked, source.give(other)) == "the chunk is of another place."
    assert refused(work, asked, source.give(StatePart(0, 0))) == "the chunk is of another place."


def test_an_empty_state_is_one_part(source: Source) -> None:
    plan = replace(source.plan, header=replace(source.plan.header, state_root=EMPTY_HASH))
    work = SnapshotWork(plan, WINDOW)
    work.take()
    state = work.take()
    assert state == StatePart(0, 0)
    chunk = source.give(StatePart(0, 0))
    assert isinstance(chunk, GivenState)
    empty = replace(chunk.chunk, depth=0, prefix=0, siblings=(), pairs=())
    assert work.accept(state, GivenState(empty))
    assert work.progress.state_permille == 1000


def test_a_chain_without_transactions_has_one_empty_stretch() -> None:
    chain = ChainBuilder()
    for _ in range(4):
        chain.add_block()
    server = SnapshotServer(chain.store, chain.genesis.limits, 1)
    offer = server.offer(chain.head).offer
    assert offer is not None
    plan = CommitteePath(ChainBuilder().head, offer, chain.genesis_hash, verify).check()
    work = SnapshotWork(plan, WINDOW)
    while (part := work.take()) is not None:
        given = server.part(PartRequest(plan.height, part), chain.head, UnixMillis(0)).given
        assert given is not None
        work.accept(part, given)
        if isinstance(part, IdsPart):
            assert part == IdsPart(0, 0)
    assert work.is_done


def test_headers_that_stand_here_already_are_not_fetched_unless_they_fit(source: Source) -> None:
    store = MemoryStore()
    for block in source.chain.blocks[:5]:
        header = block.header
        if header.height == 4:
            header = replace(header, state_root=Hash(bytes(32)))
        put = Put(Column.BLOCKS, keys.header(header.height), encode(header))
        store.write(WriteBatch((put,)), sync=False)
    work = SnapshotWork.resume(source.plan, WINDOW, store)
    assert work.take() == HeadersPart(Height(4), 2)


def test_a_stored_part_that_does_not_decode_is_damage_of_this_disk(source: Source) -> None:
    for key in (keys.snapshot_chunk(0, 0), keys.snapshot_ids(0)):
        store = MemoryStore()
        store.write(WriteBatch((Put(Column.META, key, b"\xc1"),)), sync=False)
        with pytest.raises(Corruption, match="a part of the snapshot does not decode"):
            [*load_chunks(store), *load_ranges(store)]
