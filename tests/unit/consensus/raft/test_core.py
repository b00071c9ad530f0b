import pytest

from chain.errors import PeerFault
from chain.scalars import Height
from consensus.effects import Decide, FellBehind, Persist
from consensus.events import Received
from consensus.raft.member import Role
from consensus.raft.messages import AppendAnswer, Decided, TimeoutNow, VoteRequest
from consensus.raft.summary import RaftSummary
from tests.unit.consensus.raft.world import (
    NOW_MS,
    TICKS_MAX,
    Bench,
    make_certificate,
    make_committee,
    make_tip,
    sign,
)
from tests.unit.consensus.world import make_value, make_vote

V, W = make_value("v"), make_value("w")


def test_a_start_writes_its_state_and_sets_its_timers() -> None:
    bench = Bench(0, make_tip(height=2))
    assert [type(effect).__name__ for effect in bench.effects] == [
        "Persist",
        "SetTimer",
        "SetTimer",
    ]
    assert bench.timers() == [("tick", 2, 100), ("heartbeat", 2, 10_000)]


def test_ticks_go_on_and_heartbeats_are_set_at_each_height() -> None:
    bench = Bench()
    bench.tick()
    assert bench.timers() == [("tick", 1, 100)]
    bench.commit(V, term=1)
    assert bench.timers() == [("heartbeat", 2, 10_000)]


def test_messages_of_the_other_engine_are_ignored() -> None:
    bench = Bench()
    assert bench.handle(Received(make_vote("prevote", 1, None), NOW_MS)) == []


def test_a_fault_changes_nothing() -> None:
    bench = Bench()
    before = bench.state
    with pytest.raises(PeerFault, match="VT-3026"):
        bench.handle(Received(sign(TimeoutNow(*bench.stamp(1, 9)), key=2), NOW_MS))
    with pytest.raises(PeerFault, match="VT-3020"):
        bench.handle(Received(TimeoutNow(*bench.stamp(7, 9)), NOW_MS))
    with pytest.raises(PeerFault, match="VT-3027"):
        bench.receive(Decided(*bench.stamp(1, 9), certificate=make_certificate(V, (2,))))
    assert (bench.state, bench.engine._member.effects) == (before, [])


def test_what_does_not_fit_at_another_height_is_ignored() -> None:
    """There the committee may be another one."""
    bench = Bench(0, make_tip(height=5))
    forged = sign(TimeoutNow(*bench.stamp(1, 9, 4)), key=2)
    assert bench.handle(Received(forged, NOW_MS)) == []
    assert bench.state.term == 1


def test_own_messages_that_come_back_are_ignored() -> None:
    bench = Bench()
    assert bench.receive(TimeoutNow(*bench.stamp(0, 9))) == []


def test_an_absurd_term_is_ignored() -> None:
    bench = Bench()
    bench.append(term=2**31 - 1)
    assert (bench.state.term, bench.effects) == (0, [])


def test_the_next_committee_judges_the_next_height_and_authors_keep_their_names() -> None:
    """node3 has index 2 in the committee of the next height and none in the present one."""
    now, after = make_committee((1, 1, 1)), make_committee((1, 1, 1), first=1)
    bench = Bench(1, make_tip(committee=now, next_committee=after))
    message = sign(TimeoutNow(*bench.stamp(2, 4, 2)), key=3)
    assert bench.handle(Received(message, NOW_MS)) == [
        Persist(bench.state),
        FellBehind(Height(2)),
    ]
    assert bench.state.term == 4
    leader_next = sign(AppendAnswer(*bench.stamp(0, 4, 2), 1, True, None), key=1)
    assert bench.handle(Received(leader_next, NOW_MS)) == [], "node1 is this member"


def test_an_early_message_waits_for_its_height_and_is_judged_there() -> None:
    bench = Bench(0, make_tip(height=2))
    bench.append(W, term=2, height=3, previous=V.id)
    assert bench.of(FellBehind) == [FellBehind(Height(3))]
    assert (bench.engine.leader, bench.said(AppendAnswer)[0].height) == (1, 2)
    bench.commit(V, term=2)
    bench.check(W)
    assert bench.said(AppendAnswer)[-1].acknowledgement is not None


def test_an_early_message_that_turns_out_wrong_is_dropped() -> None:
    bench = Bench(0, make_tip(height=2))
    bench.append(W, term=2, height=3, previous=W.id)
    bench.commit(V, term=2)
    assert bench.said(AppendAnswer) == []


def test_a_decision_may_come_with_the_next_height() -> None:
    bench = Bench()
    bench.hold(V)
    decided = Decided(*bench.stamp(1, 1, 2), certificate=make_certificate(V, (0, 1)))
    bench.receive(decided)
    assert [decision.value for decision in bench.of(Decide)] == [V]


def test_a_block_below_is_no_news() -> None:
    bench = Bench(0, make_tip(height=3))
    assert bench.commit(V, height=1, term=1) == []


def test_an_observer_follows_blocks_and_says_nothing() -> None:
    bench = Bench(None)
    bench.append(V)
    assert bench.effects == []
    bench.tick(TICKS_MAX)
    assert bench.said(VoteRequest) == []
    bench.commit(V, term=4)
    assert (bench.state.height, bench.state.term) == (2, 4)


def test_a_member_one_height_behind_is_helped_by_the_certificate() -> None:
    giver, taker = Bench(0, make_tip(height=2)), Bench(1)
    (message,) = giver.engine.messages_missing_in(taker.engine.summary())
    assert isinstance(message, Decided)
    assert message.certificate == giver.tip.previous
    assert giver.engine.messages_missing_in(giver.engine.summary()) == []
    assert taker.engine.messages_missing_in(giver.engine.summary()) == []
    assert Bench(None, make_tip(height=2)).engine.messages_missing_in(taker.engine.summary()) == []
    assert isinstance(taker.engine.summary(), RaftSummary)


def test_a_new_member_takes_part_from_its_first_height_on() -> None:
    joined = make_committee((1, 1, 1, 1))
    bench = Bench(3, make_tip(height=2, next_committee=joined))
    bench.tick(TICKS_MAX)
    assert bench.engine.role is Role.FOLLOWER
    bench.commit(V, term=1)
    bench.hold(W, term=1)
    assert bench.said(AppendAnswer)[-1].acknowledgement is not None
