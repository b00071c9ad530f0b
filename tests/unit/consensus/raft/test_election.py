"""Elections beyond what the thesis says: heights, guards, and members without a voice."""

from chain.scalars import Height, Round
from consensus.raft.member import Role
from consensus.raft.messages import VoteAnswer, VoteRequest
from consensus.raft.rules import TICKS_PER_TIMEOUT
from tests.unit.consensus.raft.world import TICKS_MAX, Bench, make_committee, make_tip
from tests.unit.consensus.world import make_value

V = make_value("v")


def test_a_member_alone_elects_itself_and_decides_at_once() -> None:
    bench = Bench(0, make_tip(committee=make_committee((1, 0))))
    bench.tick(TICKS_MAX)
    assert bench.engine.role is Role.LEADER
    bench.build(V)
    assert [type(effect).__name__ for effect in bench.effects][-1] == "Decide"


def test_a_candidate_that_asked_at_another_height_does_not_count_the_answers() -> None:
    bench = Bench(0, make_tip(height=2, previous_term=1)).stand()
    answer = VoteAnswer(
        *bench.stamp(1, bench.state.term, 3),
        is_pre_vote=False,
        asked_term=bench.state.term,
        is_granted=True,
    )
    bench.receive(answer)
    assert bench.engine.role is Role.CANDIDATE


def test_a_block_ends_a_campaign_and_keeps_term_and_vote() -> None:
    bench = Bench().stand()
    bench.commit(V, term=1)
    assert (bench.engine.role, bench.state.term) == (Role.FOLLOWER, 1)
    assert bench.ask(1, term=1, position=(1, 1)) == [False]


def test_a_candidate_without_weight_gets_no_vote() -> None:
    bench = Bench(0, make_tip(committee=make_committee((1, 1, 0))))
    assert bench.ask(2, term=2) == [False]
    assert bench.ask(1, term=2) == [True]


def test_a_later_term_in_a_refusal_is_taken_over() -> None:
    bench = Bench().wait_for_campaign()
    bench.receive(
        VoteAnswer(*bench.stamp(1, 8), is_pre_vote=True, asked_term=Round(1), is_granted=False)
    )
    assert (bench.engine.role, bench.state.term) == (Role.FOLLOWER, 8)
    bench.wait_for_campaign()
    assert {request.asked_term for request in bench.said(VoteRequest)} == {9}


def test_a_granted_vote_puts_off_ones_own_candidacy() -> None:
    bench = Bench()
    bench.tick(TICKS_PER_TIMEOUT - 1)
    bench.ask(1, term=1)
    bench.tick(TICKS_PER_TIMEOUT - 1)
    assert bench.engine.role is Role.FOLLOWER


def test_the_request_of_a_height_ahead_is_answered_when_its_blocks_are_here() -> None:
    bench = Bench()
    assert bench.ask(1, term=3, height=2, position=(1, 1)) == []
    bench.commit(V, term=1)
    (answer,) = bench.said(VoteAnswer)
    assert (answer.height, answer.is_granted) == (2, True)


def test_who_waits_for_its_own_decision_to_be_written_does_not_stand() -> None:
    bench = Bench()
    bench.hold(V)
    bench.engine._member.is_decided = True
    bench.tick(TICKS_MAX)
    assert (bench.engine.role, bench.state.height) == (Role.FOLLOWER, Height(1))
