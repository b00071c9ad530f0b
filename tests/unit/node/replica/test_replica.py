"""Whole replicas together: what the main path promises, on a mesh, on a ring, and after losses."""

from chain.operations import PropertyDefinition, Reading, RegisterTwin, Telemetry, TwinReadings
from chain.scalars import Hash, TwinId, UnixMillis
from node.replica import keys
from node.replica.messages import ConsensusMessage, Status, Transactions
from node.replica.ports import Column
from tests.unit.node.replica.network import START_MS, World, make_genesis

TWIN = RegisterTwin(
    TwinId("R80711"), "system", "wind-turbine", None, (PropertyDefinition("power", "KWT"),)
)


def telemetry(number: int) -> Telemetry:
    reading = Reading("power", f"{number}.5", UnixMillis(START_MS + number), "KWT")
    return Telemetry((TwinReadings(TwinId("R80711"), (reading,)),))


def committed_everywhere(world: World, transaction_id: Hash) -> bool:
    return all(
        node.store.get(Column.INDEX, keys.transaction(transaction_id)) is not None
        for node in world.nodes
        if node.is_up
    )


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
        assert world.run(3_000, lambda t=transaction: committed_everywhere(world, t.id))


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
        assert world.run(5_000, lambda t=transaction: committed_everywhere(world, t.id))


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
    lost = []

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


def test_lost_votes_are_repaired_by_pulling() -> None:
    world = World(make_genesis())
    world.run(1_000)
    dropped = []

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
    from node.replica import events

    world._step(node, events.FrameReceived(world.nodes[1].name, b"\xc1garbage", world.now_ms))
    assert [(d.peer, d.error.code) for d in node.disconnected] == [("node1", "VT-3030")]


def test_status_messages_are_small() -> None:
    world = World(make_genesis())
    world.run(1_000)
    from node.replica.messages import encode_frame

    sizes = [len(encode_frame(m)) for _, _, m in world.sent if isinstance(m, Status)]
    assert sizes
    assert max(sizes) < 256
