"""Power cuts around every write to disk: nothing is signed twice, and the chain goes on."""

from functools import partial

import pytest

from consensus.bft.messages import Vote
from node.replica.messages import AnyPeerMessage, ConsensusMessage
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere, reached


def is_precommit(message: AnyPeerMessage) -> bool:
    return (
        isinstance(message, ConsensusMessage)
        and isinstance(message.message, Vote)
        and message.message.kind == "precommit"
    )


def restart_all(world: World) -> None:
    for node in world.nodes:
        if node.is_up:
            world.stop(node.index)
    for node in world.nodes:
        world.start(node.index)


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("write", range(1, 8))
def test_a_node_whose_power_fails_around_any_write_comes_back(write: int, is_after: bool) -> None:
    world = World(make_genesis())
    world.run(1_000)
    for victim in range(4):
        power = world.nodes[victim].power
        power.cut_at, power.is_after = power.writes + write, is_after
        for number in range(3):
            world.submit((victim + 1) % 4, world.transaction(0, TWIN, salt=10 * victim + number))
            world.run(1_500)
        assert not world.nodes[victim].is_up
        world.start(victim)
        goal = max(world.heights()) + 1
        world.submit(victim, world.transaction(0, TWIN, salt=10 * victim + 9))
        assert world.run(20_000, partial(reached, world, goal))
    assert world.find_double_votes() == []


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("write", range(1, 7))
def test_power_that_fails_for_all_around_the_same_write_stops_nothing_for_good(
    write: int, is_after: bool
) -> None:
    world = World(make_genesis())
    world.run(1_000)
    for node in world.nodes:
        node.power.cut_at, node.power.is_after = node.power.writes + write, is_after
    world.submit(0, world.transaction(0, TWIN))
    world.run(2_000)
    restart_all(world)
    goal = max(world.heights()) + 2
    world.submit(0, world.transaction(0, TWIN, salt=1))
    assert world.run(60_000, lambda: min(world.heights()) >= goal)
    assert world.find_double_votes() == []


def test_what_all_nodes_are_locked_on_is_decided_after_all_lost_power() -> None:
    world = World(make_genesis())
    world.run(1_000)
    before = world.heights()
    world.lose = lambda sender, receiver, message: is_precommit(message)
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.run(300)
    assert world.heights() == before
    world.lose = lambda *_: False
    restart_all(world)
    assert all(not node.replica.is_waiting(transaction.id) for node in world.nodes)
    assert world.run(30_000, lambda: committed_everywhere(world, transaction.id))


def test_a_locked_block_survives_a_second_power_cut_too() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.lose = lambda sender, receiver, message: is_precommit(message)
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.run(300)
    for _ in range(2):
        restart_all(world)
        world.run(5_000)
    world.lose = lambda *_: False
    restart_all(world)
    assert world.run(60_000, lambda: committed_everywhere(world, transaction.id))
    assert world.find_double_votes() == []


def test_what_was_reported_final_is_there_after_all_lost_power() -> None:
    world = World(make_genesis())
    world.run(1_000)
    transactions = [world.transaction(0, TWIN, salt=number) for number in range(20)]
    for number, transaction in enumerate(transactions):
        world.submit(number % 4, transaction)
        world.run(10)
    world.run(40)
    final = [t for t in transactions if committed_everywhere(world, t.id)]
    assert final
    restart_all(world)
    assert world.run(30_000, lambda: min(world.heights()) > 2)
    assert all(committed_everywhere(world, transaction.id) for transaction in final)
    assert len({node.head.state_root for node in world.nodes}) == 1


def test_a_database_that_forgot_its_votes_is_silent_until_it_is_past_them() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.lose = lambda sender, receiver, message: is_precommit(message)
    old = dict(world.nodes[3].store.dump())
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.run(300)
    world.stop(2)
    world.stop(3)
    world.nodes[3].store.load(old)
    world.lose = lambda *_: False
    world.start(3)
    world.run(10_000)
    assert world.find_double_votes() == []
    assert not committed_everywhere(world, transaction.id), "its vote is missing, and rightly so"
    world.start(2)
    assert world.run(30_000, lambda: committed_everywhere(world, transaction.id))
    assert world.find_double_votes() == []
    goal = max(world.heights()) + 4
    for number in range(4):
        world.submit(3, world.transaction(0, TWIN, salt=5 + number))
        world.run(3_000)
    assert min(world.heights()) >= goal
