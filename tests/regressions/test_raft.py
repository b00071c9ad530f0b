"""Raft: votes that are given, entries that are committed, and reads that are not stale."""

from collections.abc import Callable

import pytest

from chain.scalars import Height, Round
from consensus.effects import Decide, FellBehind, Persist, ReadReady, ReadRefused
from consensus.events import ReadRequested
from consensus.raft.member import Role
from consensus.raft.messages import NO_SIGNATURE, AppendAnswer, ReadAnswer, ReadRequest
from consensus.raft.rules import TICKS_PER_TIMEOUT
from consensus.raft.state import RaftState
from consensus.raft.summary import RaftSummary
from consensus.state import decode_engine_state, encode_engine_state
from node.replica import effects, events
from tests.regressions.support import goes_on
from tests.unit.consensus.raft.world import FIVE, Bench, make_certificate, make_tip
from tests.unit.consensus.world import make_value
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World, make_genesis

V, W = make_value("v"), make_value("w")

# ---------------------------------------------------------------------- 14: one vote in a term


def stepped_down_candidate() -> Bench:
    """It stood, and somebody else won the term."""
    bench = Bench(0, make_tip(committee=FIVE)).stand()
    bench.append(author=1, term=bench.state.term)
    return bench


def stepped_down_leader() -> Bench:
    """It led, and no majority answers any more."""
    bench = Bench(0, make_tip(committee=FIVE)).lead()
    bench.tick(4 * TICKS_PER_TIMEOUT)
    return bench


def candidate_of_a_later_pre_vote() -> Bench:
    """It gave its vote in term 5, heard nothing more, and asks around before a term of its own."""
    bench = Bench(0, make_tip(committee=FIVE))
    assert bench.ask(3, term=5) == [True]
    bench.wait_for_campaign()
    assert bench.engine.role is Role.PRE_CANDIDATE
    return bench


def follower_that_lost_its_leader() -> Bench:
    """It voted in term 5 and followed the winner, who has gone silent."""
    bench = Bench(0, make_tip(committee=FIVE))
    assert bench.ask(3, term=5) == [True]
    bench.append(author=3, term=5)
    bench.tick(TICKS_PER_TIMEOUT)
    return bench


def restarted_voter() -> Bench:
    """It voted in term 5, and its power was cut as soon as the vote had left."""
    bench = Bench(0, make_tip(committee=FIVE))
    assert bench.ask(3, term=5) == [True]
    return reborn(bench)


def reborn(bench: Bench) -> Bench:
    """Start anew from what was persisted before the last message."""
    first = bench.effects[0]
    assert isinstance(first, Persist), "a vote is durable before it is said"
    state = decode_engine_state(encode_engine_state(first.state))
    assert isinstance(state, RaftState)
    return Bench(0, bench.tip, hard_state=state, last_signed=state.last_signed)


@pytest.mark.parametrize("is_next_height", [False, True], ids=["there", "a height later"])
@pytest.mark.parametrize(
    "prepare",
    [
        stepped_down_candidate,
        stepped_down_leader,
        candidate_of_a_later_pre_vote,
        follower_that_lost_its_leader,
        restarted_voter,
    ],
)
def test_bug_14_a_vote_is_given_once_in_a_term_whatever_happens_in_it(
    prepare: Callable[[], Bench], is_next_height: bool
) -> None:
    """CCF issue 5891: a node that stepped down forgot whom it had voted for in that same term, also
    after a pre-vote, and gave its vote to a second leader."""
    bench = prepare()
    term = bench.state.term
    if is_next_height:  # The guard of the key would not mind there; the vote alone must.
        bench.commit(V)
    bench.tick(TICKS_PER_TIMEOUT)  # No leader is near who alone would keep it from voting.
    assert bench.state.term == term
    assert bench.ask(2, term=term) == [False]
    assert bench.ask(2, term=term + 1) == [True], "its next vote is free"


# ---------------------------------------------------------------------- 15: what is committed


def test_bug_15_a_follower_commits_what_is_proven_and_not_what_it_happens_to_hold() -> None:
    """CCF issue 8172: a follower took over its leader's commit index up to the end of its own log,
    whose last entries the leader had never seen."""
    bench = Bench(2)
    bench.hold(W, author=1, term=1)
    bench.decided(make_certificate(V, term=2), author=0, term=2)
    assert bench.of(Decide) == []
    assert bench.of(FellBehind), "it asks for the block that was decided"
    bench.append(author=0, term=2, beat=1, height=2)
    assert bench.of(Decide) == [], "that others are further on decides nothing here"
    bench.append(V, author=0, term=2, beat=2)
    effects = bench.check(V)
    assert [one.value for one in effects if isinstance(one, Decide)] == [V]


@pytest.mark.parametrize(
    "answer",
    [
        {"holds": None},
        {"holds": None, "has_value": False},
        {"holds": W},
        {"holds": V, "term": 0},
        {"holds": V, "height": 2},
    ],
    ids=["nothing held", "not known", "another entry", "an earlier term", "another height"],
)
def test_bug_15_a_refusal_commits_nothing(answer: dict[str, object]) -> None:
    """CCF scenario suffix_collision.3: a leader moved its commit index on because of an answer that
    said no."""
    bench = Bench(0, make_tip(committee=FIVE)).lead()
    bench.work()
    bench.build(V)
    bench.answer(1, holds=V)
    assert bench.of(Decide) == [], "two of five"
    for _ in range(2):
        for author in (2, 3, 4):
            bench.answer(author, **answer)  # type: ignore[arg-type]
            assert bench.of(Decide) == []
    bench.answer(2, holds=V)
    assert [one.value for one in bench.of(Decide)] == [V]


def test_bug_15_an_entry_of_an_earlier_term_is_not_committed_by_counting() -> None:
    """Raft thesis 3.6.2, Figure 3.7 (Figure 8 of the paper): an entry of an old term that a
    majority holds may still be replaced by a leader that does not have it."""
    bench = Bench(0, make_tip(committee=FIVE))
    bench.hold(V, author=1, term=1)
    bench.lead()
    term = bench.state.term
    assert term > 1
    for author in (1, 2, 3, 4):
        bench.answer(author, holds=V, term=1)
        assert bench.of(Decide) == [], "they hold it under its old term"
    bench.answer(1, holds=V)
    bench.answer(2, holds=V)
    (decided,) = bench.of(Decide)
    assert (decided.value, decided.round, decided.certificate.round) == (V, term, term)


# ---------------------------------------------------------------------- 17: reads


def leader() -> Bench:
    """The leader of five, to whom a majority has just answered."""
    bench = Bench(0, make_tip(3, FIVE)).lead()
    for author in (1, 2):
        bench.answer(author, beat=1)
    return bench


def test_bug_17_a_leader_that_was_paused_reads_nothing_stale() -> None:
    """etcd issue 20418: a leader was paused, others were elected and went on, and when it woke up
    it answered reads from its old state."""
    bench = leader()  # And now it stands still while others elect another leader.
    bench.handle(ReadRequested(7))
    assert bench.of(ReadReady) == []
    bench.answer(3, beat=1)
    bench.answer(4, beat=1)
    assert bench.of(ReadReady) == [], "answers from before the pause say nothing of now"
    term = bench.state.term
    height, later = bench.state.height, Round(term + 1)
    bench.receive(
        AppendAnswer(height, later, 3, NO_SIGNATURE, 1, has_value=True, acknowledgement=None)
    )
    assert [one.ticket for one in bench.of(ReadRefused)] == [7]
    assert bench.engine.role is Role.FOLLOWER


def test_bug_17_a_leader_that_hears_nobody_refuses_instead_of_waiting() -> None:
    """etcd issue 20418: the same, while all messages of the others are lost."""
    bench = leader()
    bench.handle(ReadRequested(7))
    refused = [one for one in bench.tick(4 * TICKS_PER_TIMEOUT) if isinstance(one, ReadRefused)]
    assert [one.ticket for one in refused] == [7]
    assert bench.of(ReadReady) == []


def test_bug_17_a_majority_that_answers_later_heartbeats_lets_a_read_through() -> None:
    """etcd issue 20418, the other side: what is confirmed is answered, with what is committed."""
    bench = leader()
    bench.handle(ReadRequested(7))
    beat = bench.engine._leading._beat
    bench.answer(3, beat=beat)
    assert bench.of(ReadReady) == []
    bench.answer(4, beat=beat)
    assert bench.of(ReadReady) == [ReadReady(7, Height(2))]


def follower_asks(bench: Bench, ticket: int) -> int:
    bench.handle(ReadRequested(ticket))
    (request,) = bench.said(ReadRequest)
    return request.read


def leader_answers(bench: Bench, number: int, committed: int) -> list[ReadReady]:
    bench.receive(
        ReadAnswer(bench.state.height, bench.state.term, 1, NO_SIGNATURE, number, Height(committed))
    )
    return bench.of(ReadReady)


def test_bug_17_a_late_answer_to_a_first_try_does_not_answer_the_second() -> None:
    """etcd raft PR 397: a read that was tried again under the same context was answered by what had
    been said to the first try, before writes that it had to see."""
    bench = Bench(0, make_tip(3, FIVE))
    bench.append(author=1, term=2)
    first = follower_asks(bench, 7)
    refused = []
    for beat in range(2, 60):
        refused += [one for one in bench.tick() if isinstance(one, ReadRefused)]
        bench.append(author=1, term=2, beat=beat)
    assert [one.ticket for one in refused] == [7]
    second = follower_asks(bench, 7)
    assert second != first
    assert leader_answers(bench, first, 1) == []
    assert leader_answers(bench, second, 2) == [ReadReady(7, Height(2))]


def test_bug_17_a_late_answer_from_before_a_restart_answers_nothing() -> None:
    """etcd raft PR 397: numbers of reads began anew with every life."""
    bench = Bench(0, make_tip(3, FIVE))
    assert bench.ask(3, term=5) == [True]
    again = reborn(bench)
    bench.append(author=3, term=5)
    again.append(author=3, term=5)
    first, second = follower_asks(bench, 1), follower_asks(again, 1)
    assert first != second


class Standstill:
    """Three whole replicas under Raft, and a way to stop one as SIGSTOP does."""

    def __init__(self) -> None:
        self.world = World(make_genesis((1, 1, 1), engine="raft"))
        assert self.world.run(5_000, lambda: self.leader is not None)
        self._go_on = self.world._step
        self._stopped: dict[str, list[events.Event]] = {}
        self.world._step = self._step  # type: ignore[method-assign]

    @property
    def leader(self) -> int | None:
        """Who leads, by its own word, in the latest term."""
        summaries = [(node.replica.view().summary, node.index) for node in self.world.nodes]
        leaders = [
            (one.term, index)
            for one, index in summaries
            if isinstance(one, RaftSummary) and one.role is Role.LEADER
        ]
        return max(leaders)[1] if leaders else None

    def _step(self, node: Node, *happened: events.Event) -> None:
        if node.name in self._stopped:
            self._stopped[node.name].extend(happened)
        else:
            self._go_on(node, *happened)

    def stop(self, index: int) -> None:
        """Let time stand still for one."""
        self._stopped[self.world.nodes[index].name] = []

    def resume(self, index: int, first: events.Event) -> None:
        """Let it go on, with one event before all that came in meanwhile."""
        node = self.world.nodes[index]
        self._go_on(node, first)
        for event in self._stopped.pop(node.name):
            self._go_on(node, event)


def test_bug_17_a_replica_that_was_stopped_while_others_went_on_answers_no_stale_read() -> None:
    """etcd issue 20418, with whole replicas: a read is the first thing it hears when it goes on."""
    standstill = Standstill()
    world, old = standstill.world, standstill.leader
    assert old is not None
    assert goes_on(world)
    before = world.heights()[old]
    answers: list[effects.ReadReady | effects.ReadRefused] = []
    world.watch = lambda node, effect: (
        answers.append(effect)
        if isinstance(effect, effects.ReadReady | effects.ReadRefused)
        else None
    )
    standstill.stop(old)
    assert world.run(20_000, lambda: standstill.leader != old)
    new = standstill.leader
    assert new is not None
    world.submit(new, world.transaction(0, TWIN, salt=5))
    assert world.run(5_000, lambda: world.heights()[new] > before)
    final = world.heights()[new]
    assert world.heights()[old] == before
    standstill.resume(old, events.ReadRequested(7, world.now_ms))
    world.run(5_000)
    (answer,) = answers
    assert isinstance(answer, effects.ReadRefused) or answer.height >= final
    world._step(world.nodes[old], events.ReadRequested(8, world.now_ms))
    world.run(1_000)
    assert isinstance(answers[1], effects.ReadReady)
    assert answers[1].height >= final
