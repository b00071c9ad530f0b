"""Who signs twice is found, reported and judged; who is correct never is."""

import pytest

from chain.changes import SetWeight
from chain.genesis import Governance
from chain.hashing import hash_tagged
from chain.operations import RegisterKey, ReportEvidence
from chain.scalars import Hash, Height, NodeName, Round, UnixMillis, Weight
from chain.votes import VoteKind, vote_hash
from consensus.bft.messages import Vote
from node.replica import effects
from node.replica.messages import ConsensusMessage
from node.replica.reporting import CASES_PER_KEY_MAX
from tests.unit.node.replica.governing import Consortium
from tests.unit.node.replica.network import Node, key_of, make_genesis

A, B, C = (hash_tagged("test", name) for name in (b"a", b"b", b"c"))
LIAR = 3


class Court(Consortium):
    """A consortium in which node 3 says two things."""

    def __init__(self, governance: Governance | None = None) -> None:
        super().__init__(make_genesis(governance=governance))
        self.reported: list[ReportEvidence] = []
        self.watch = self._watch

    def lie(self, receiver: int, kind: VoteKind, *blocks: Hash | None, round_: int = 0) -> None:
        """Let the liar vote for several blocks at the height that the receiver works on."""
        head = self.nodes[receiver].head
        index = head.validators.index_of(NodeName(f"node{LIAR}"))
        assert index is not None
        time_ms = UnixMillis(head.time_ms + 5 if kind == "precommit" else 0)
        for block in blocks:
            place = head.next_height, Round(round_)
            signed = vote_hash(self.genesis_hash, kind, *place, block, time_ms)
            vote = Vote(kind, *place, block, time_ms, index, key_of(f"vote{LIAR}").sign(signed))
            self.say(LIAR, receiver, ConsensusMessage(vote))

    def work(self, blocks: int) -> None:
        """Let some more blocks be made, of something to order."""
        for _ in range(blocks):
            key = key_of(f"somebody{self.salt}").public_key
            transaction = self.send(0, RegisterKey(key, "k", ("gateway",)))
            assert self.run(30_000, lambda id_=transaction.id: self.is_final(id_))  # type: ignore[misc]

    def _watch(self, node: Node, effect: effects.Effect) -> None:
        if isinstance(effect, effects.Commit) and node.index == 0:
            operations = (one.body.operation for one in effect.transactions)
            self.reported += [one for one in operations if isinstance(one, ReportEvidence)]


@pytest.mark.parametrize("kind", ["prevote", "precommit"])
def test_a_liar_is_convicted_once_and_suspended_and_the_chain_goes_on(kind: VoteKind) -> None:
    world = Court()
    world.work(2)
    world.lie(1, kind, A, B)
    assert world.run(20_000, lambda: len(world.evidence()) == 1)
    world.work(4)
    (found,) = world.evidence()
    assert (found.node, found.consequence) == ("node3", "suspended")
    assert len(world.reported) == 1, "one report, though all could send one"
    assert world.committee() == {"node0": 1, "node1": 1, "node2": 1, "node3": 0}
    assert found.effective_height is not None
    assert not world.spoke(3, found.effective_height)
    world.reach(world.nodes[0].head.height, 3)
    world.decide(SetWeight(NodeName("node3"), Weight(1)))
    world.work(3)
    assert world.committee()["node3"] == 1


def test_members_may_have_agreed_to_record_only() -> None:
    world = Court(Governance("record"))
    world.work(1)
    world.lie(0, "prevote", None, B)
    assert world.run(20_000, lambda: len(world.evidence()) == 1)
    world.work(3)
    assert world.evidence()[0].consequence == "recorded"
    assert world.committee()["node3"] == 1


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_when_the_first_in_turn_is_gone_another_one_reports(gone: int) -> None:
    world = Court()
    world.work(1)
    witness = (gone + 1) % 3
    world.lie(witness, "prevote", A, B)
    world.stop(gone)
    assert world.run(60_000, lambda: len(world.evidence(0 if gone else 1)) == 1)


def test_a_report_that_no_block_took_is_made_again() -> None:
    world = Court()
    world.work(1)
    world.lie(0, "prevote", A, B)
    # Nobody hears a transaction of another for a while, and no block is made.
    world.lose = lambda *_: True
    world.run(5_000)
    world.lose = lambda *_: False
    assert world.run(60_000, lambda: len(world.evidence(2)) == 1)


def test_more_lies_than_are_needed_make_no_flood() -> None:
    world = Court(Governance("record"))
    world.work(1)
    for round_ in range(3 * CASES_PER_KEY_MAX):
        world.lie(0, "prevote", A, B, round_=round_)
    world.run(20_000)
    assert len(world.evidence()) in range(1, CASES_PER_KEY_MAX + 1)
    assert len(world.reported) <= CASES_PER_KEY_MAX


def test_the_same_vote_at_another_time_is_no_offence() -> None:
    world = Court()
    world.work(1)
    head = world.nodes[1].head
    for time_ms in (5, 6):
        time = UnixMillis(head.time_ms + time_ms)
        place = head.next_height, Round(9)
        signed = vote_hash(world.genesis_hash, "precommit", *place, A, time)
        vote = Vote("precommit", *place, A, time, LIAR, key_of(f"vote{LIAR}").sign(signed))
        world.say(LIAR, 1, ConsensusMessage(vote))
    world.run(10_000)
    assert world.evidence() == []
    assert world.reported == []


def test_a_forged_vote_accuses_nobody() -> None:
    world = Court()
    world.work(1)
    head = world.nodes[1].head
    for block in (A, B):
        place = head.next_height, Round(0)
        signed = vote_hash(world.genesis_hash, "prevote", *place, block, UnixMillis(0))
        forged = key_of("vote2").sign(signed)
        world.say(2, 1, ConsensusMessage(Vote("prevote", *place, block, UnixMillis(0), 3, forged)))
    world.run(10_000)
    assert world.evidence() == []
    assert world.nodes[1].disconnected


def test_nobody_reports_itself() -> None:
    world = Court()
    world.work(1)
    reporter = world.nodes[LIAR].replica._duties.reporter
    head = world.nodes[LIAR].head
    votes = []
    for block in (A, B):
        place = head.next_height, Round(0)
        signed = vote_hash(world.genesis_hash, "prevote", *place, block, UnixMillis(0))
        votes.append(
            Vote("prevote", *place, block, UnixMillis(0), LIAR, key_of("vote3").sign(signed))
        )
    reporter.accuse(votes[0], votes[1], head)
    assert reporter._cases == {}


def test_what_is_of_a_height_long_past_is_let_go() -> None:
    world = Court()
    world.work(3)
    reporter = world.nodes[0].replica._duties.reporter
    head = world.nodes[0].head
    place = Height(1), Round(0)
    votes = [
        Vote(
            "prevote",
            *place,
            block,
            UnixMillis(0),
            LIAR,
            key_of("vote3").sign(
                vote_hash(world.genesis_hash, "prevote", *place, block, UnixMillis(0))
            ),
        )
        for block in (A, B)
    ]
    reporter.accuse(votes[0], votes[1], head)
    assert reporter._cases == {}
