"""Joining from a snapshot, whole replicas: with honest peers and over power cuts."""

import pytest

from chain.errors import Refused
from chain.scalars import Hash, Height, OrganisationId
from chain.transaction import Transaction, decode_transaction
from node.replica import keys
from node.replica.messages import BlocksRequest, Part, PartRequest, Steps
from node.replica.past import Base, load_base, load_block, load_header, load_ids
from node.replica.ports import Column
from node.replica.sync import CatchUpSetting
from node.storage.check import check_all
from tests.unit.node.replica.joining import GENESIS, JOINER, SETTING, WINDOW, Joining, grow
from tests.unit.node.replica.network import PowerCut

NEWEST = 20
"""The newest multiple of the interval below the chain's height."""


def transactions_of(world: Joining, height: int) -> list[Transaction]:
    block = load_block(world.nodes[0].store, Height(height))
    assert block is not None
    return [decode_transaction(raw) for raw in block.transactions]


# ---------------------------------------------------------------- as it should be


def test_a_wiped_node_joins_from_a_snapshot_then_fetches_blocks_then_votes() -> None:
    world = Joining()
    assert world.join(1_000)
    assert load_base(world.nodes[JOINER].store) == Base(Height(NEWEST), Height(NEWEST - WINDOW))
    asked = [m for _, m in world.said(BlocksRequest, to=0) + world.said(BlocksRequest, to=1)]
    assert {Height(NEWEST + 1)} >= {request.first for request in asked if request.first > 1}  # type: ignore[attr-defined]
    world.check()
    assert world.codes() == set()
    world.stop(2)
    height = world.nodes[0].head.height
    world.reach(height + 2, 0, 1, JOINER)
    assert "node3" in world.voters_of(height + 2), "nobody decides without it now"


def test_it_follows_the_validators_from_genesis() -> None:
    world = Joining()
    assert len(GENESIS.validators) == 5
    assert world.join(1_000)
    (steps,) = [message for _, message in world.said(Steps)]
    assert [len(step.validators) for step in steps.steps] == [5, 4]  # type: ignore[attr-defined]
    assert world.nodes[JOINER].head.validators == world.nodes[0].head.validators


def test_parts_come_from_several_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 1_000)
    world = Joining()
    assert world.join(1_000)
    assert len({sender for sender, _ in world.said(Part)}) == 3


def test_progress_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 300)
    world = Joining()
    seen = []
    world.watch = lambda node, _: (
        seen.append(world.nodes[JOINER].replica.view().snapshot)
        if node.index == JOINER and node.is_up
        else None
    )
    assert world.join()
    shown = [progress for progress in seen if progress is not None]
    assert {progress.height for progress in shown} == {NEWEST}
    shares = [progress.state_permille for progress in shown]
    assert shares == sorted(shares)
    assert shares[0] < 100 < 900 < shares[-1]
    assert all(progress.done <= progress.known for progress in shown)
    assert shown[-1].size_bytes > 1_000
    assert world.nodes[JOINER].replica.view().snapshot is None


def test_many_small_chunks_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 1)
    world = Joining()
    assert world.join(20_000)
    assert len(world.said(Part)) > 30
    world.check()


def test_a_transaction_from_before_the_snapshot_cannot_be_repeated() -> None:
    world = Joining()
    assert world.join(1_000)
    replica = world.nodes[JOINER].replica
    head = replica.view().head
    known = [id_ for h in range(NEWEST - WINDOW + 1, NEWEST + 1) for id_ in ids_at(world, h)]
    assert known
    for id_ in known:
        assert replica._admission.is_committed(id_)
    late = next(
        transaction
        for height in range(NEWEST, NEWEST - WINDOW, -1)
        for transaction in transactions_of(world, height)
        if transaction.body.expiry_height > head.height
    )
    with pytest.raises(Refused, match="VT-2005"):
        replica._admission.check_orderable(late, head)


def ids_at(world: Joining, height: int) -> tuple[Hash, ...]:
    ids = load_ids(world.nodes[0].store, Height(height))
    assert ids is not None
    return ids


def test_the_indexes_say_where_they_stand() -> None:
    world = Joining()
    assert world.join(1_000)
    own, other = world.nodes[JOINER].store, world.nodes[0].store
    for height in range(NEWEST - WINDOW + 1, NEWEST + 1):
        assert load_header(own, Height(height)) == load_header(other, Height(height))
        for id_ in ids_at(world, height):
            place = own.get(Column.INDEX, keys.transaction(id_))
            assert place == other.get(Column.INDEX, keys.transaction(id_))
    for id_ in ids_at(world, NEWEST - WINDOW):
        assert own.get(Column.INDEX, keys.transaction(id_)) is None


def test_who_joined_from_a_snapshot_can_give_one() -> None:
    world = Joining()
    assert world.join(1_000)
    world.reach(NEWEST + 9, 0, 1, 2, JOINER)
    world.stop(2)
    world.wipe(2)
    world.lose = lambda who, to, m: to == "node2" and who != "node3" and isinstance(m, Part)
    world.start(2)
    assert world.run(20_000, lambda: world.nodes[2].head.height == world.nodes[0].head.height)
    given = [m for who, m in world.said(Part, to=2) if who == "node3"]
    assert any(message.given is not None for message in given)  # type: ignore[attr-defined]
    assert load_base(world.nodes[2].store).height > NEWEST
    assert check_all(world.nodes[2].store, GENESIS) == world.nodes[2].head


def test_a_node_that_is_only_a_little_behind_fetches_blocks() -> None:
    world = Joining(CatchUpSetting(snapshot_interval_blocks=4, snapshot_behind_blocks=100))
    assert world.join(1_000)
    assert world.said(Part) == []
    assert load_base(world.nodes[JOINER].store) == Base()


def test_many_transactions_are_a_reason_too() -> None:
    few_blocks = CatchUpSetting(
        snapshot_interval_blocks=4, snapshot_behind_blocks=100, snapshot_behind_transactions=10
    )
    world = Joining(few_blocks)
    assert world.join(1_000)
    assert load_base(world.nodes[JOINER].store).height == NEWEST


def sleeper(setting: CatchUpSetting) -> Joining:
    """Node 3 has the first blocks, and slept through the rest."""
    world = Joining(setting)
    world.restore(JOINER, grow())
    assert 2 <= world.joiner < NEWEST - WINDOW - 4
    return world


def test_who_keeps_everything_fetches_everything_as_long_as_it_can() -> None:
    world = sleeper(SETTING)
    assert world.join(5_000)
    assert world.said(Part) == []
    assert load_base(world.nodes[JOINER].store) == Base()


def test_who_asks_for_blocks_that_nobody_keeps_joins_from_a_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("node.replica.pruning.SNAPSHOT_SLACK_BLOCKS", 6)
    pruning = CatchUpSetting(
        retain_blocks=WINDOW + 6, snapshot_interval_blocks=4, snapshot_behind_blocks=0
    )
    world = sleeper(pruning)
    world.run(1_000)
    assert all(world.nodes[n].replica.view().base > world.joiner for n in range(3))
    assert world.join(5_000)
    assert load_base(world.nodes[JOINER].store).height >= NEWEST - 8
    world.run(4_000)
    world.check()
    left = [key for key, _ in world.nodes[JOINER].store.range(Column.BLOCKS, b"b", b"c")]
    assert min(left) > keys.block(Height(NEWEST)), "the blocks it had are gone by now"


def test_a_transaction_that_waited_and_is_in_the_snapshot_waits_no_longer() -> None:
    world = Joining()
    found = transactions_of(world, NEWEST)[0]
    world.lose = lambda _, to, __: to == "node3"
    world.start(JOINER)
    world.nodes[JOINER].replica._mempool.add(found, OrganisationId("org0"), world.now_ms)
    assert world.nodes[JOINER].replica.is_waiting(found.id)
    world.lose = lambda *_: False
    assert world.catch_up_within(2_000)
    assert not world.nodes[JOINER].replica.is_waiting(found.id)


# ---------------------------------------------------------------- power cuts


@pytest.mark.parametrize("is_after", [False, True])
def test_power_may_be_cut_at_every_write(is_after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 2_000)
    monkeypatch.setattr("node.replica.snapshot_install.PUTS_PER_BATCH", 100)
    whole = Joining()
    first = whole.nodes[JOINER].power.writes
    assert whole.join()
    writes = whole.nodes[JOINER].power.writes - first
    assert writes > 15
    for write in range(1, writes + 1):
        world = Joining()
        power = world.nodes[JOINER].power
        power.cut_at, power.is_after = power.writes + write, is_after
        world.start(JOINER)
        world.run(3_000, lambda world=world: not world.nodes[JOINER].is_up)  # type: ignore[misc]
        if not world.nodes[JOINER].is_up:
            power.cut_at = None
            world.start(JOINER)
        assert world.catch_up_within(6_000), f"cut at write {write}"
        world.check()


def test_what_is_here_already_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 500)
    world = Joining()
    world.start(JOINER)
    world.run(3_000, lambda: len(world.said(Part)) >= 12)
    world.stop(JOINER)
    before = {request for _, request in asked_parts(world)}
    world.sent.clear()
    world.start(JOINER)
    assert world.catch_up_within(10_000)
    again = {request for _, request in asked_parts(world)}
    assert len(before & again) <= 3, "only what was on its way"
    world.check()


def asked_parts(world: Joining) -> list[tuple[str, object]]:
    return [
        (receiver, message)
        for sender, receiver, message in world.sent
        if sender == "node3" and isinstance(message, PartRequest)
    ]


def test_power_may_be_cut_while_it_is_put_in_place_again_and_again() -> None:
    world = Joining()
    node = world.nodes[JOINER]
    world.watch = lambda *_: None
    world.start(JOINER)
    world.run(3_000, lambda: node.store.get(Column.META, keys.SNAPSHOT) is not None)
    node.power.cut_at = node.power.writes + 8
    world.run(3_000, lambda: not node.is_up)
    for _ in range(3):
        if node.store.get(Column.META, keys.INSTALLING) is None:
            break
        node.power.cut_at = node.power.writes + 2
        with pytest.raises(PowerCut):
            world.start(JOINER)
    node.power.cut_at = None
    world.start(JOINER)
    assert world.catch_up_within(5_000)
    world.check()
