"""The leader's side beyond the thesis: late answers, committees that change, its own guard."""

from msgspec.structs import replace

from chain.scalars import Height, Round, UnixMillis
from consensus.effects import BuildPayload, Decide, FellBehind
from consensus.events import TransferLeadership
from consensus.last_signed import LastSigned, SignedStep
from consensus.raft.member import Role
from consensus.raft.messages import Append, Decided, TimeoutNow, VoteRequest
from consensus.raft.rules import TICKS_PER_TIMEOUT
from tests.unit.consensus.raft.world import (
    NOW_MS,
    THREE,
    Bench,
    make_acknowledgement,
    make_committee,
    make_tip,
)
from tests.unit.consensus.world import START_MS, make_value

V, W = make_value("v"), make_value("w")


def test_a_block_is_asked_for_once_and_again_at_the_next_height() -> None:
    bench = Bench().lead()
    assert bench.of(BuildPayload) == [BuildPayload(Height(1), Round(1))]
    assert bench.work() == []
    bench.build(V)
    bench.answer(1, holds=V)
    bench.commit(V, has_work=True)
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(1))]


def test_the_heartbeat_of_the_chain_makes_an_empty_block() -> None:
    bench = Bench(0, make_tip(height=2)).lead()
    assert bench.of(BuildPayload) == []
    bench.fire_heartbeat()
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(2))]


def test_work_that_came_before_the_election_is_not_forgotten() -> None:
    bench = Bench(0, make_tip(height=2))
    assert bench.work() == []
    bench.lead()
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(2))]


def test_a_block_that_was_built_for_another_term_is_dropped() -> None:
    bench = Bench().lead()
    bench.append(term=2, author=1)
    bench.build(V)
    assert (bench.state.entry, bench.said(Append)) == (None, [])


def test_a_precommit_is_later_than_its_block() -> None:
    late = make_value("late", NOW_MS + 500)
    bench = Bench().lead()
    bench.build(late)
    bench.answer(1, holds=late)
    (decision,) = bench.of(Decide)
    assert decision.certificate.signatures[0].time_ms == NOW_MS + 501


def test_a_value_is_sent_again_only_to_answers_of_later_heartbeats() -> None:
    bench = Bench().lead()
    bench.build(V)
    (sent, _) = bench.said(Append)
    bench.answer(1, has_value=False, beat=sent.beat - 1)
    assert bench.said(Append) == [], "that one was on its way before the value"
    bench.tick()
    bench.answer(1, has_value=False, beat=sent.beat + 1)
    assert [append.value for append in bench.said(Append)] == [V]
    bench.answer(1, has_value=False, beat=sent.beat + 1)
    assert bench.said(Append) == []


def test_a_follower_one_block_behind_gets_the_decision_again() -> None:
    bench = Bench(0, make_tip(height=3)).lead()
    bench.answer(1, height=2)
    assert [message.certificate for message in bench.said(Decided)] == [bench.tip.previous]
    bench.answer(1, height=1)
    assert bench.said(Decided) == []


def test_a_leader_behind_fetches_blocks_and_leads_on() -> None:
    """Whoever elected it has not worked on the next height before, so nothing can hide there."""
    bench = Bench(0, make_tip(height=2)).lead()
    bench.answer(1, height=3)
    assert bench.of(FellBehind) == [FellBehind(Height(3))]
    bench.commit(V, term=1, has_work=True)
    assert (bench.engine.role, bench.of(BuildPayload)) == (
        Role.LEADER,
        [BuildPayload(Height(3), Round(2))],
    )


def test_a_leader_that_finds_a_block_of_a_later_term_or_jumps_steps_down() -> None:
    later = Bench(0, make_tip(height=2)).lead()
    later.commit(V, term=9)
    assert (later.engine.role, later.state.term) == (Role.FOLLOWER, 9)
    jump = Bench(0, make_tip(height=2)).lead()
    jump.commit(V, term=1, height=7)
    assert (jump.engine.role, jump.state.height) == (Role.FOLLOWER, 8)


def test_what_is_known_of_members_moves_with_their_places() -> None:
    """Member 0 leaves the committee of four; the others have other indexes from then on."""
    before = make_committee((1, 1, 1, 1))
    after = make_committee((1, 1, 1), first=1)
    bench = Bench(1, make_tip(height=2, committee=before)).lead()
    bench.answer(2, beat=7)
    bench.commit(V, committee=after)
    assert (bench.engine.role, bench.engine.leader) == (Role.LEADER, 0)
    others = bench.engine._leading._others
    assert (others[1].beat, others[2].beat, set(others)) == (7, -1, {1, 2})


def test_acknowledgements_of_another_block_or_member_count_for_nothing() -> None:
    bench = Bench().lead()
    bench.build(V)
    bench.answer(1, holds=W)
    assert bench.of(Decide) == []
    observers = Bench(0, make_tip(committee=make_committee((1, 1, 1, 0)))).lead()
    observers.build(V)
    observers.answer(3, holds=V)
    assert observers.of(Decide) == []


def test_a_leader_whose_guard_refuses_leaves_the_office() -> None:
    """It has signed at that place in a life that it forgot."""
    bench = Bench().lead()
    member = bench.engine._member
    spent = LastSigned(Height(1), Round(1), SignedStep.PRECOMMIT, W.id)
    member.state = replace(member.state, last_signed=spent)
    bench.build(V)
    assert (bench.engine.role, bench.said(Append), bench.of(Decide)) == (Role.FOLLOWER, [], [])


def test_a_successor_is_told_again_until_it_stands() -> None:
    bench = Bench(0, make_tip(height=2)).lead()
    bench.answer(1)
    bench.handle(TransferLeadership(1, NOW_MS))
    assert bench.receivers(TimeoutNow) == [1]
    bench.tick()
    assert bench.receivers(TimeoutNow) == [1]
    bench.tick(TICKS_PER_TIMEOUT)
    bench.tick()
    assert bench.said(TimeoutNow) == []


def test_nobody_hands_over_to_who_cannot_lead() -> None:
    bench = Bench(0, make_tip(height=2, committee=make_committee((1, 1, 1, 0)))).lead()
    for to in (0, 3, 9):
        bench.handle(TransferLeadership(to, NOW_MS))
        assert bench.work() != []
        bench.engine._leading._is_building = False
    follower = Bench()
    assert follower.handle(TransferLeadership(None, NOW_MS)) == []


def test_answers_reach_a_member_that_leads_no_more_without_harm() -> None:
    bench = Bench().lead()
    bench.build(V)
    bench.append(term=2, author=1)
    bench.answer(2, holds=V, term=1)
    assert (bench.of(Decide), bench.said(VoteRequest)) == ([], [])


def test_times_in_a_certificate_are_those_of_the_signers() -> None:
    bench = Bench(0, make_tip(committee=THREE)).lead()
    bench.build(V)
    bench.answer(2, holds=V)
    (decision,) = bench.of(Decide)
    times = {one.validator: one.time_ms for one in decision.certificate.signatures}
    assert times == {0: NOW_MS, 2: make_acknowledgement(V, 2).time_ms}
    assert all(time_ms > UnixMillis(START_MS + 1) for time_ms in times.values())
