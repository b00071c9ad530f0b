"""Whole replicas together: what the main path promises, on a mesh, on a ring, and after losses."""

from functools import partial

import pytest

from chain.errors import Corruption
from chain.operations import Reading, Telemetry, TwinReadings
from chain.scalars import Hash, NodeName, TwinId, UnixMillis
from node.replica import effects, events, keys
from node.replica.messages import (
    BlocksRequest,
    ConsensusMessage,
    Status,
    Transactions,
    encode_frame,
)
from node.replica.ports import Column
from tests.unit.node.replica.alone import TWIN, Alone
from tests.unit.node.replica.network import START_MS, World, make_genesis


def telemetry(number: int) -> Telemetry:
    reading = Reading("power", f"{number}.5", UnixMillis(START_MS + number), "KWT")
    return Telemetry((TwinReadings(TwinId("R80711"), (reading,)),))


def committed_everywhere(world: World, transaction_id: Hash) -> bool:
    return all(
        node.store.get(Column.INDEX, keys.transaction(transaction_id)) is not None
        for node in world.nodes
        if node.is_up
    )


def reached(world: World, goal: int) -> bool:
    return min(world.heights()) >= goal


def test_a_lone_transaction_is_committed_by_all_at_once() -> None:
    world = World(make_genesis())
    world.run(1_000)
    transaction = world.transaction(0, TWIN)
    ticket = world.submit(0, transaction)
    assert world.run(100, lambda: committed_everywhere(world, transaction.id))
    assert world.nodes[0].answers[ticket].transaction == transaction.id
    world.run(100)
    assert len({node.head.state_root for node in world.nodes}) == 1


def test_no_block_is_made_without_work_until_the_heartbeat() -> None:
    world = World(make_genesis())
    world.run(1_000)
    first = world.heights()
    world.run(1_500)
    assert world.heights() == first
    world.run(3_500)
    assert min(world.heights()) > max(first)


def test_a_ring_commits_like_a_mesh() -> None:
    world = World(make_genesis([1] * 6), links=lambda a, b: abs(a - b) in (1, 5))
    world.run(1_000)
    for number in range(3):
        world.submit(number, world.transaction(0, TWIN, salt=number))
        transaction = world.transaction(0, telemetry(number))
        world.submit(number, transaction)
        assert world.run(3_000, partial(committed_everywhere, world, transaction.id))


def test_on_a_mesh_nothing_is_passed_on() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.sent.clear()
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.run(300, lambda: committed_everywhere(world, transaction.id))
    gossip = [sent for sent in world.sent if isinstance(sent[2], Transactions)]
    assert len(gossip) == 3
    votes = [sent for sent in world.sent if isinstance(sent[2], ConsensusMessage)]
    assert len(votes) <= (1 + 4 + 4) * 3


def test_one_node_down_does_not_stop_commits() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.stop(3)
    for number in range(8):
        transaction = world.transaction(0, TWIN, salt=number)
        world.submit(0, transaction)
        assert world.run(5_000, partial(committed_everywhere, world, transaction.id))


def test_two_of_four_down_stop_commits_and_one_back_resumes() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.stop(2)
    world.stop(3)
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.run(60_000)
    assert not committed_everywhere(world, transaction.id)
    world.start(3)
    assert world.run(12_000, lambda: committed_everywhere(world, transaction.id))


def test_a_node_that_was_down_catches_up_from_its_peers() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.stop(3)
    for number in range(30):
        world.submit(0, world.transaction(0, TWIN, salt=number))
        world.run(2_000)
    world.start(3)
    assert world.run(3_000, lambda: world.heights()[3] >= world.heights()[0] >= 30)
    assert world.nodes[3].head.state_root == world.nodes[0].head.state_root


def test_a_validator_fetches_a_transaction_that_gossip_lost() -> None:
    world = World(make_genesis())
    world.run(1_000)
    lost: list[str] = []

    def lose(sender: str, receiver: str, message: object) -> bool:
        if isinstance(message, Transactions) and receiver != "node0" and len(lost) < 3:
            lost.append(receiver)
            return True
        return False

    world.lose = lose
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    assert world.run(5_000, lambda: committed_everywhere(world, transaction.id))
    assert len(lost) == 3


def test_gossip_that_all_peers_missed_is_announced_again() -> None:
    world = World(make_genesis())
    world.run(1_000)
    lost: list[str] = []

    def lose(sender: str, receiver: str, message: object) -> bool:
        if isinstance(message, Transactions) and len(lost) < 3:
            lost.append(receiver)
            return True
        return isinstance(message, ConsensusMessage)  # So that no proposal asks for it.

    world.lose = lose
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.run(900)
    assert [node.replica.is_waiting(transaction.id) for node in world.nodes[1:]] == [False] * 3
    world.run(1_200)
    assert [node.replica.is_waiting(transaction.id) for node in world.nodes[1:]] == [True] * 3


def test_lost_votes_are_repaired_by_pulling() -> None:
    world = World(make_genesis())
    world.run(1_000)
    dropped: list[object] = []

    def lose(sender: str, receiver: str, message: object) -> bool:
        if isinstance(message, ConsensusMessage) and len(dropped) < 12:
            dropped.append(message)
            return True
        return False

    world.lose = lose
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    assert world.run(10_000, lambda: committed_everywhere(world, transaction.id))


def test_the_same_transaction_through_two_nodes_has_one_effect() -> None:
    world = World(make_genesis())
    world.run(1_000)
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    world.submit(1, transaction)
    world.run(1_000)
    ticket = world.submit(2, transaction)
    error = world.nodes[2].answers[ticket].error
    assert error is not None
    assert str(error) == (
        f"VT-2005: Transaction {transaction.id.hex()} was already ordered or is already waiting."
    )
    world.run(1_000)
    assert {node.head.transactions_total for node in world.nodes} == {1}


def test_a_peer_that_sends_garbage_is_disconnected() -> None:
    world = World(make_genesis())
    world.run(1_000)
    node = world.nodes[0]
    world._step(node, events.FrameReceived(world.nodes[1].name, b"\xc1garbage", world.now_ms))
    assert [(d.peer, d.error.code) for d in node.disconnected] == [("node1", "VT-3030")]


def test_status_messages_are_small() -> None:
    world = World(make_genesis())
    world.run(1_000)
    sizes = [len(encode_frame(m)) for _, _, m in world.sent if isinstance(m, Status)]
    assert sizes
    assert max(sizes) < 256


def test_a_ring_of_seven_commits_what_is_submitted_everywhere_at_once() -> None:
    world = World(make_genesis([1] * 7), links=lambda a, b: abs(a - b) in (1, 6))
    world.run(1_000)
    transactions = [world.transaction(index, TWIN, salt=index) for index in range(7)]
    for index, transaction in enumerate(transactions):
        world.submit(index, transaction)
    assert world.run(
        10_000, lambda: all(committed_everywhere(world, each.id) for each in transactions)
    )
    world.run(3_000)
    assert {node.head.transactions_total for node in world.nodes} == {7}
    assert len({node.head.state_root for node in world.nodes}) == 1
    assert world.find_double_votes() == []


def test_weights_decide_and_not_heads() -> None:
    world = World(make_genesis([4, 1, 1, 1]))
    world.run(1_000)
    world.stop(2)
    world.stop(3)
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    assert world.run(20_000, lambda: committed_everywhere(world, transaction.id))
    world.stop(0)
    for index in (2, 3):
        world.start(index)
    other = world.transaction(1, TWIN, salt=1)
    world.submit(1, other)
    world.run(30_000)
    assert not committed_everywhere(world, other.id)


def test_a_node_catches_up_two_hundred_blocks_while_the_others_go_on() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.stop(3)
    number = 0
    while world.heights()[0] < 200:
        number += 1
        world.submit(0, world.transaction(0, TWIN, salt=number))
        world.run(1_200)
    world.sent.clear()
    world.start(3)

    def has_caught_up() -> bool:
        return world.heights()[3] >= world.heights()[0] - 1

    for _ in range(20):
        number += 1
        world.submit(0, world.transaction(0, TWIN, salt=number))
        if world.run(1_000, has_caught_up):
            break
    assert has_caught_up()
    goal = max(world.heights()) + 1
    world.submit(3, world.transaction(0, TWIN, salt=number + 1))
    assert world.run(3_000, lambda: min(world.heights()) >= goal)
    world.run(100)
    assert world.nodes[3].head.transactions_total == world.nodes[0].head.transactions_total
    asked = {to for sender, to, message in world.sent if isinstance(message, BlocksRequest)}
    assert len(asked) > 1, "the work is shared"


def test_a_transaction_that_expires_while_it_waits_is_forgotten_everywhere() -> None:
    world = World(make_genesis())
    world.run(1_000)
    expired: list[effects.Expired] = []
    world.watch = lambda node, effect: (
        expired.append(effect) if isinstance(effect, effects.Expired) else None
    )
    # Nobody but node 0 hears of it, and it is too late when the turn to propose comes.
    height = world.nodes[0].head.next_height
    world.lose = lambda sender, receiver, message: sender == "node0"
    transaction = world.transaction(0, TWIN, expiry=height)
    world.submit(0, transaction)
    assert world.nodes[0].replica.is_waiting(transaction.id)
    world.run(3_000)
    world.submit(1, world.transaction(0, TWIN, salt=1))
    world.run(6_000)
    world.lose = lambda *_: False
    world.run(20_000)
    assert min(world.heights()) > height
    assert not world.nodes[0].replica.is_waiting(transaction.id)
    assert effects.Expired((transaction.id,)) in expired
    assert not committed_everywhere(world, transaction.id)


def test_two_of_four_may_come_and_go_for_many_rounds_without_harm() -> None:
    world = World(make_genesis())
    world.run(1_000)
    for turn in range(4):
        down = (turn % 4, (turn + 1) % 4)
        for index in down:
            world.stop(index)
        up = next(node.index for node in world.nodes if node.is_up)
        for number in range(12):
            world.submit(up, world.transaction(0, TWIN, salt=100 * turn + number))
            world.run(4_000)
        for index in down:
            world.start(index)
        goal = max(world.heights()) + 1
        assert world.run(30_000, partial(reached, world, goal))
    assert world.find_double_votes() == []
    assert world.run(20_000, lambda: {node.head.transactions_total for node in world.nodes} == {48})


def test_a_stranger_is_not_listened_to() -> None:
    world = World(make_genesis())
    world.run(1_000)
    replica = world.nodes[0].replica
    frame = events.FrameReceived(NodeName("stranger"), b"\xc1", world.now_ms)
    assert replica.handle(frame) == []


def test_nothing_is_decided_on_a_state_that_is_not_on_disk() -> None:
    alone = Alone()
    commit = alone.commit_in(alone.submit(1))
    assert alone.submit(2) == []
    assert alone.replica.handle(events.Tick(alone.world.now_ms)) == []
    later = alone.confirm(commit)
    assert [effect.ticket for effect in later if isinstance(effect, effects.Answer)] == [2]
    assert alone.commit_in(later).height == commit.height + 1


def test_a_block_begins_when_all_of_a_step_is_in() -> None:
    alone = Alone()
    for number in (1, 2, 3):
        answer, _ = alone.submit(number, more=True)
        assert isinstance(answer, effects.Answer)
    assert len(alone.commit_in(alone.submit(4)).transactions) == 4


def test_what_waited_for_the_disk_begins_the_next_block() -> None:
    alone = Alone()
    commit = alone.commit_in(alone.submit(1))
    for number in (2, 3):
        assert alone.submit(number, more=True) == []
    later = alone.confirm(commit)
    assert len(alone.commit_in(later).transactions) == 2


def test_a_slow_disk_lets_thousands_of_events_wait() -> None:
    alone = Alone()
    commit = alone.commit_in(alone.submit(1))
    waiting = 5_000
    for _ in range(waiting):
        assert alone.replica.handle(events.Tick(alone.world.now_ms)) == []
    done = alone.confirm(commit)
    said = [effect for effect in done if isinstance(effect, effects.SendToAll)]
    assert len([effect for effect in said if isinstance(effect.message, Status)]) == waiting


def test_a_confirmation_of_another_block_stops_the_node() -> None:
    alone = Alone()
    commit = alone.commit_in(alone.submit(1))
    wrong = events.CommitDone(commit.height, Hash(bytes(32)), alone.world.now_ms)
    with pytest.raises(Corruption, match=rf"^VT-3042: Height {commit.height} was confirmed with"):
        alone.replica.handle(wrong)


def test_the_view_tells_where_a_replica_stands() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.lose = lambda *_: True
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    view = world.nodes[0].replica.view()
    assert view.head == world.nodes[0].head
    assert (view.waiting, view.waiting_bytes) == (1, transaction.size_bytes)
    assert dict(view.peer_heights) == {"node1": 1, "node2": 1, "node3": 1}
    assert not view.is_catching_up
    assert view.summary.height == 2
