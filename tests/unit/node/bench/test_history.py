"""The history before a measurement: single updates until enough are in blocks, or a clear end."""

import asyncio
from itertools import count

import pytest

from chain.errors import Refused
from chain.operations import Telemetry
from chain.scalars import Hash, Height, UnixMillis
from chain.transaction import decode_transaction
from node.bench import history
from node.bench.blocks import BlockCount, SeenBlock
from node.bench.history import History, earlier_updates
from node.bench.load import CHUNK, Signing
from node.bench.workloads import Workload
from tests.unit.node.api.fake_node import until
from tests.unit.node.bench.answering import Node, serving
from tests.unit.node.chain_builder import seed_of

GENESIS = Hash(b"g" * 32)
BATCHES = Workload("batch100", 5, UnixMillis(1_700_000_000_000), "abcdef")


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LOOK_S", 0.01)


def make(wanted: int, in_flight: int = 100) -> History:
    signing = Signing(earlier_updates(BATCHES), GENESIS, seed_of("gateway"), Height(100))
    return History(wanted, signing, in_flight, 50, ahead=CHUNK)


def good_at(height: int) -> range:
    return range(90, height)


async def commit_what_is_taken(node: Node, seen: BlockCount) -> None:
    """Make a block of all that came, whenever something did."""
    for height in count(1):
        await asyncio.sleep(0.005)
        seen.add(SeenBlock(height, node.taken - seen.committed, 0.0))


async def commit(made: History, node: Node, shares: list[float]) -> int:
    seen = BlockCount()
    heights = count(201)
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        committing = tasks.create_task(commit_what_is_taken(node, seen))
        taken = await made.commit(
            session, [address], seen, lambda: good_at(next(heights)), shares.append
        )
        assert seen.committed >= made.count
        committing.cancel()
    return taken


async def test_single_updates_are_handed_in_until_they_are_in_blocks(node: Node) -> None:
    shares: list[float] = []
    taken = await commit(make(300), node, shares)
    assert 300 <= taken == node.taken < 300 + 200
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    for raw in node.groups[-1]:
        operation = decode_transaction(raw).body.operation
        assert isinstance(operation, Telemetry)
        (batch,) = operation.batches
        (reading,) = batch.readings
        assert batch.twin in BATCHES.names()
        assert reading.time_ms < BATCHES.begin_ms, "earlier than all that is measured"


async def test_what_is_signed_later_is_good_for_longer(node: Node) -> None:
    await commit(make(3 * CHUNK), node, [])
    raws = [raw for group in node.groups for raw in group]
    expiries = [decode_transaction(raw).body.expiry_height for raw in raws[:: CHUNK // 2]]
    assert set(expiries[:2]) == {100}
    assert expiries == sorted(expiries)
    assert expiries[4] >= 200


async def test_a_network_that_refuses_it_all_is_told_of(node: Node) -> None:
    node.refusal = "VT-2003"
    with pytest.RaisesGroup(
        pytest.RaisesExc(Refused, match="VT-2003", check=lambda error: error.code == "VT-8014"),
        flatten_subgroups=True,
    ):
        await commit(make(1_000), node, [])
    assert node.taken < 2_000


async def test_a_network_that_takes_it_and_makes_no_blocks_is_told_of(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "STILL_SECONDS_MAX", 1.0)
    async with serving(node) as (session, address):
        with pytest.RaisesGroup(
            pytest.RaisesExc(Refused, match="no transaction came into a block"),
            flatten_subgroups=True,
        ):
            await make(1_000).commit(
                session, [address], BlockCount(), lambda: good_at(200), lambda _: None
            )
    assert node.taken == 100, "what may be under way"


async def test_a_full_mempool_is_not_the_end(node: Node) -> None:
    node.refusal = "VT-3001"
    made, seen = make(200), BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        handing = tasks.create_task(
            made.commit(session, [address], seen, lambda: good_at(200), lambda _: None)
        )
        while node.taken < 400:
            await asyncio.sleep(0.005)
            seen.moved.set()
        node.refusal = None
        first = node.taken
        while not handing.done():
            await asyncio.sleep(0.005)
            seen.add(SeenBlock(1, node.taken - first - seen.committed, 0.0))


@pytest.mark.parametrize(("wanted", "in_flight"), [(1, 4_000), (30, 10)])
async def test_a_small_one_is_not_much_more_than_was_asked_for(
    node: Node, wanted: int, in_flight: int
) -> None:
    # What is under way, and once more, as a block that is heard of makes room.
    assert wanted <= await commit(make(wanted, in_flight), node, []) <= wanted + 100


async def test_some_refusals_do_not_end_it(node: Node) -> None:
    node.refusal = "VT-2003"
    made, seen = make(200), BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        handing = tasks.create_task(
            made.commit(session, [address], seen, lambda: good_at(200), lambda _: None)
        )
        await until(lambda: node.taken >= 50)
        node.refusal = None
        first = node.taken
        while not handing.done():
            await asyncio.sleep(0.005)
            seen.add(SeenBlock(1, node.taken - first - seen.committed, 0.0))
    assert handing.result() == node.taken - first
