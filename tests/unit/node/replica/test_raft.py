"""Whole replicas of a Raft committee: leaders that die, power cuts, reads and hand-overs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from chain.certificate import check_certificate
from chain.keys import verify
from chain.operations import AnyOperation
from chain.scalars import Height
from consensus.raft.member import Role
from consensus.raft.messages import AppendAnswer
from consensus.raft.summary import RaftSummary
from node.replica import effects, events
from node.replica.messages import ConsensusMessage
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere, telemetry

LEADER_MS = 6_000
"""Enough for an election, and for another one when votes were split."""


@dataclass
class Committee:
    """Replicas of a Raft committee, and what they answered to reads."""

    world: World
    reads: dict[int, effects.ReadReady | effects.ReadRefused] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.watch = self._note

    def _note(self, node: Node, effect: effects.Effect) -> None:
        if isinstance(effect, effects.ReadReady | effects.ReadRefused):
            assert effect.ticket not in self.reads, "a read has one answer"
            self.reads[effect.ticket] = effect

    def summary(self, node: Node) -> RaftSummary:
        summary = node.replica.view().summary
        assert isinstance(summary, RaftSummary)
        return summary

    def leaders(self) -> list[Node]:
        up = [node for node in self.world.nodes if node.is_up]
        return [node for node in up if self.summary(node).role is Role.LEADER]

    def lead(self) -> Node:
        """Wait for a leader that all who are up follow."""
        assert self.world.run(LEADER_MS, self.is_settled)
        return self.leaders()[0]

    def is_settled(self) -> bool:
        up = [node for node in self.world.nodes if node.is_up]
        followed = {self.summary(node).leader for node in up}
        return len(self.leaders()) == 1 and followed == {self.leaders()[0].index}

    def step(self, node: Node, *happened: events.Event) -> None:
        self.world._step(node, *happened)

    def read(self, node: Node, ticket: int) -> None:
        self.step(node, events.ReadRequested(ticket, self.world.now_ms))


@pytest.fixture
def committee() -> Iterator[Committee]:
    committee = Committee(World(make_genesis((1, 1, 1), engine="raft")))
    yield committee
    roots = {node.head.height: node.head.state_root for node in committee.world.nodes}
    for node in committee.world.nodes:
        assert node.head.state_root == roots[node.head.height]
        assert node.disconnected == []


def test_transactions_of_any_node_are_committed_by_all(committee: Committee) -> None:
    world = committee.world
    committee.lead()
    operations: tuple[AnyOperation, ...] = (TWIN, telemetry(1), telemetry(2))
    for index, operation in enumerate(operations):
        transaction = world.transaction(0, operation)
        world.submit(index, transaction)
        assert world.run(100, lambda t=transaction: committed_everywhere(world, t.id))  # type: ignore[misc]
    heads = [node.head for node in world.nodes]
    certificate = heads[0].certificate
    assert certificate is not None
    check_certificate(certificate, world.genesis_hash, heads[0].last_validators, verify=verify)
    assert [one.validator for one in certificate.signatures] in ([0, 1], [0, 2], [1, 2])


def test_no_block_is_made_without_work_until_the_heartbeat(committee: Committee) -> None:
    world = committee.world
    committee.lead()
    world.run(1_000)
    first = world.heights()
    assert first == [1, 1, 1]
    world.run(1_000)
    assert world.heights() == first
    world.run(2_500)
    assert world.heights() == [2, 2, 2]


def test_raft_messages_go_to_their_receiver_and_are_not_passed_on(committee: Committee) -> None:
    world = committee.world
    leader = committee.lead()
    world.run(500)
    answers = [
        (sender, receiver)
        for sender, receiver, message in world.sent
        if isinstance(message, ConsensusMessage) and isinstance(message.message, AppendAnswer)
    ]
    assert answers
    assert {receiver for _, receiver in answers} == {leader.name}
    assert leader.name not in {sender for sender, _ in answers}


def test_another_leader_goes_on_when_one_dies_and_the_dead_one_comes_back(
    committee: Committee,
) -> None:
    world = committee.world
    dead = committee.lead()
    transaction = world.transaction(0, TWIN)
    world.submit(dead.index, transaction)
    assert world.run(100, lambda: committed_everywhere(world, transaction.id))
    world.stop(dead.index)
    assert committee.lead() is not dead
    other = next(node for node in world.nodes if node.is_up)
    later = world.transaction(0, telemetry(1))
    world.submit(other.index, later)
    assert world.run(200, lambda: committed_everywhere(world, later.id))
    world.start(dead.index)
    assert world.run(3_000, lambda: len(set(world.heights())) == 1)
    assert committed_everywhere(world, later.id)
    assert committee.is_settled()


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("place", [0, 1])
def test_a_power_cut_at_any_write_loses_nothing_that_was_final(
    committee: Committee, place: int, cut: int, *, is_after: bool
) -> None:
    """At the leader or a follower, before or after the entry, the file and the block."""
    world = committee.world
    leader = committee.lead()
    world.run(500)
    victim = world.nodes[(leader.index + place) % 3]
    transaction = world.transaction(0, TWIN)
    victim.power.cut_at, victim.power.is_after = victim.power.writes + cut, is_after
    world.submit((leader.index + 2) % 3, transaction)
    world.run(400)
    assert not victim.is_up
    final = max(world.heights())
    world.start(victim.index)
    assert world.run(8_000, lambda: committed_everywhere(world, transaction.id))
    assert min(world.heights()) >= final


def test_the_term_outlives_a_commit_and_a_restart(committee: Committee) -> None:
    world = committee.world
    leader = committee.lead()
    world.submit(0, world.transaction(0, TWIN))
    world.run(500)
    term = committee.summary(leader).term
    for node in world.nodes:
        world.stop(node.index)
    for node in world.nodes:
        world.start(node.index)
        assert committee.summary(node).term == term
        assert committee.summary(node).role is Role.FOLLOWER
    committee.lead()
    assert committee.summary(leader).term == term + 1


def test_a_member_that_lost_its_database_is_mute_until_the_height_is_past(
    committee: Committee,
) -> None:
    world = committee.world
    leader = committee.lead()
    world.submit(0, world.transaction(0, TWIN))
    world.run(500)
    follower = world.nodes[(leader.index + 1) % 3]
    world.stop(follower.index)
    world.wipe(follower.index)
    world.start(follower.index)
    assert world.run(3_000, lambda: len(set(world.heights())) == 1)
    world.stop(leader.index)
    transaction = world.transaction(0, telemetry(1))
    world.submit(follower.index, transaction)
    assert world.run(8_000, lambda: committed_everywhere(world, transaction.id))


def test_a_read_is_confirmed_at_the_leader_and_at_followers(committee: Committee) -> None:
    world = committee.world
    leader = committee.lead()
    world.run(500)
    world.submit(0, world.transaction(0, TWIN))
    world.run(300)
    for ticket, node in enumerate(world.nodes):
        committee.read(node, ticket)
    world.run(300)
    assert committee.reads == {n: effects.ReadReady(n, Height(2)) for n in range(3)}
    others = [node for node in world.nodes if node is not leader]
    for node in others:
        world.stop(node.index)
    committee.read(leader, 7)
    world.run(5_000)
    refused = committee.reads[7]
    assert isinstance(refused, effects.ReadRefused)
    assert refused.error.code == "VT-3050"


def test_the_lead_is_handed_over_to_a_named_node(committee: Committee) -> None:
    world = committee.world
    leader = committee.lead()
    world.run(500)
    to = world.nodes[(leader.index + 1) % 3]
    for node in world.nodes:
        committee.step(node, events.TransferLeadership(to.name, world.now_ms))
    assert world.run(300, lambda: committee.leaders() == [to] and committee.is_settled())
    transaction = world.transaction(0, TWIN)
    world.submit(leader.index, transaction)
    assert world.run(200, lambda: committed_everywhere(world, transaction.id))


def test_the_byzantine_engine_confirms_no_reads() -> None:
    committee = Committee(World(make_genesis()))
    committee.world.run(500)
    committee.read(committee.world.nodes[0], 3)
    refused = committee.reads[3]
    assert isinstance(refused, effects.ReadRefused)
    assert refused.error.code == "VT-3051"
