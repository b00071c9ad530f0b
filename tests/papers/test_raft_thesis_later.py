"""Raft's thesis after chapter 3: membership (4), clients (6), and the pre-vote (9.6).

As in `test_raft_thesis.py`, the member under test is 0 of three, and the docstrings name the rule.
"""

from chain.scalars import Height, Round
from consensus.effects import (
    BuildPayload,
    Decide,
    Persist,
    ReadReady,
    ReadRefused,
)
from consensus.events import ReadRequested
from consensus.raft.member import Role
from consensus.raft.messages import (
    Append,
    AppendAnswer,
    ReadAnswer,
    ReadRequest,
    TimeoutNow,
    VoteAnswer,
    VoteRequest,
)
from consensus.raft.rules import TICKS_PER_TIMEOUT
from tests.unit.consensus.raft.world import (
    FIVE,
    THREE,
    TICKS_MAX,
    Bench,
    make_certificate,
    make_committee,
    make_tip,
)
from tests.unit.consensus.world import make_value

V = make_value("v")
W = make_value("w")


# ---------------------------------------------------------------------- 4 membership


def test_4_1_a_block_names_the_committee_and_its_majority_decides() -> None:
    """Committed blocks alone change it, so that all who work on a height know the same one."""
    bench = Bench(0, make_tip(height=2)).lead()
    bench.commit(V, committee=FIVE, has_work=True)
    bench.build(W)
    bench.answer(1, holds=W)
    assert bench.of(Decide) == []
    bench.answer(4, holds=W)
    assert [len(decision.certificate.signatures) for decision in bench.of(Decide)] == [3]


def test_4_2_1_members_without_weight_receive_but_neither_vote_nor_count() -> None:
    """They catch up first, and get their weight later."""
    bench = Bench(0, make_tip(committee=make_committee((1, 1, 0, 0)))).lead()
    bench.build(V)
    assert bench.receivers(Append) == [1, 2, 3]
    observer = Bench(2, make_tip(committee=make_committee((1, 1, 0, 0))))
    observer.hold(V)
    assert observer.said(AppendAnswer)[-1].acknowledgement is None
    assert observer.ask(1, term=2) == []
    observer.tick(TICKS_MAX)
    assert observer.said(VoteRequest) == []
    observer.decided(make_certificate(V, (0, 1)))
    assert [decision.value for decision in observer.of(Decide)] == [V]


def test_4_2_2_a_leader_without_a_vote_at_the_next_height_hands_over() -> None:
    """At the last height at which it may lead; and then it steps down."""
    bench = Bench(0, make_tip(height=2)).lead()
    bench.commit(V, next_committee=make_committee((0, 1, 1)), has_work=True)
    assert bench.of(BuildPayload) == []
    bench.answer(1)
    assert bench.receivers(TimeoutNow) == [1]
    bench.commit(W)
    assert bench.engine.role is Role.FOLLOWER


def test_4_2_3_who_hears_a_leader_is_not_disturbed_by_who_does_not() -> None:
    """Not even by its later term: removed members do not know that they are."""
    bench = Bench()
    bench.append(term=2)
    assert bench.ask(2, term=9, kind="pre-vote") == []
    assert bench.ask(2, term=9, kind="vote") == []
    assert bench.state.term == 2
    leader = Bench().lead()
    assert leader.ask(2, term=9) == []
    assert leader.engine.role is Role.LEADER


# ---------------------------------------------------------------------- 6 clients


def test_6_2_a_leader_that_no_majority_answers_steps_down() -> None:
    """Within its election time-out; the vote of the term stays given."""
    bench = Bench(0, make_tip(height=2)).lead()
    patience = bench.engine._leading._patience
    bench.tick(patience)
    assert bench.engine.role is Role.LEADER
    bench.answer(1)
    bench.tick(patience)
    assert bench.engine.role is Role.LEADER
    bench.tick()
    assert (bench.engine.role, bench.state.term) == (Role.FOLLOWER, 2)
    assert bench.ask(2, term=2, position=(1, 1)) == [False]


def test_6_4_a_read_waits_for_a_majority_to_answer_a_later_heartbeat() -> None:
    """Answers to earlier ones do not count, nor does one member's twice."""
    bench = Bench(0, make_tip(height=3, committee=FIVE)).lead()
    beat = bench.said(Append)[0].beat
    bench.handle(ReadRequested(7))
    assert {append.beat for append in bench.said(Append)} == {beat + 1}
    for author in (1, 2, 3, 4):
        bench.answer(author, beat=beat)
        assert bench.of(ReadReady) == []
    bench.answer(1, beat=beat + 1)
    bench.answer(1, beat=beat + 1)
    assert bench.of(ReadReady) == []
    bench.answer(2, beat=beat + 1)
    assert bench.of(ReadReady) == [ReadReady(7, Height(2))]


def test_6_4_a_new_leader_reads_once_the_entry_it_found_is_decided() -> None:
    """It may have been committed before; the read must see it then."""
    bench = Bench()
    bench.hold(V, term=1)
    bench.lead()
    bench.handle(ReadRequested(7))
    bench.answer(1, beat=9)
    assert bench.of(ReadReady) == []
    bench.answer(1, holds=V, beat=9)
    bench.answer(1, beat=99)
    bench.tick()
    bench.answer(1, beat=99)
    assert bench.of(ReadReady) == []
    bench.commit(V)
    assert bench.of(ReadReady) == [ReadReady(7, Height(1))]


def test_6_4_a_follower_asks_its_leader_and_waits_for_the_block() -> None:
    """Or refuses, when it knows of none or the leader cannot tell."""
    bench = Bench()
    bench.handle(ReadRequested(1))
    assert [refused.ticket for refused in bench.of(ReadRefused)] == [1]
    bench.append()
    bench.handle(ReadRequested(2))
    (request,) = bench.said(ReadRequest)
    bench.receive(ReadAnswer(*bench.stamp(1, 1), read=request.read, committed=Height(1)))
    assert bench.of(ReadReady) == []
    bench.commit(V, term=1)
    assert bench.of(ReadReady) == [ReadReady(2, Height(1))]
    bench.handle(ReadRequested(3))
    (request,) = bench.said(ReadRequest)
    bench.receive(ReadAnswer(*bench.stamp(1, 1), read=request.read, committed=None))
    assert [refused.ticket for refused in bench.of(ReadRefused)] == [3]


def test_6_4_who_steps_down_promises_nothing_any_more() -> None:
    """Its own reads and those of followers are refused."""
    bench = Bench(0, make_tip(height=2)).lead()
    bench.handle(ReadRequested(7))
    bench.receive(ReadRequest(*bench.stamp(2, 2), read=5))
    bench.append(term=3, author=1)
    assert [refused.ticket for refused in bench.of(ReadRefused)] == [7]
    assert [(m.read, m.committed) for m in bench.said(ReadAnswer)] == [(5, None)]


# ---------------------------------------------------------------------- 9.6 pre-vote


def test_9_6_a_pre_vote_changes_nothing_at_either_side() -> None:
    """Terms do not grow while nobody could win; the promise binds nobody."""
    bench = Bench()
    before = bench.state
    assert bench.ask(1, term=1, kind="pre-vote") == [True]
    assert bench.ask(2, term=1, kind="pre-vote") == [True]
    assert (bench.state, bench.of(Persist)) == (before, [])
    lonely = Bench()
    lonely.tick(40 * TICKS_MAX)
    assert (lonely.engine.role, lonely.state.term) == (Role.PRE_CANDIDATE, 0)


def test_9_6_a_majority_of_pre_votes_starts_the_election() -> None:
    """With the same demands on the candidate's log."""
    bench = Bench(0, make_tip(committee=FIVE)).wait_for_campaign()
    bench.grant(1, is_pre_vote=True)
    assert bench.engine.role is Role.PRE_CANDIDATE
    bench.grant(2, is_pre_vote=True)
    assert (bench.engine.role, bench.state.term) == (Role.CANDIDATE, 1)
    judge = Bench()
    judge.hold(V, term=2)
    judge.tick(TICKS_PER_TIMEOUT)
    assert judge.ask(1, term=3, kind="pre-vote", position=(1, 1)) == [False]


def test_9_6_answers_to_another_campaign_do_not_count() -> None:
    """A pre-vote is no vote, and an old vote is none of this term."""
    bench = Bench().stand()
    bench.grant(1, is_pre_vote=True)
    old = VoteAnswer(*bench.stamp(2, 1), is_pre_vote=False, asked_term=Round(0), is_granted=True)
    bench.receive(old)
    assert bench.engine.role is Role.CANDIDATE
    assert THREE.quorum_weight == 2
