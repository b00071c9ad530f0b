"""The follower's side beyond the thesis: checks that take time, leaders that compute wrongly."""

import pytest

from chain.errors import Corruption
from consensus.effects import CheckPayload, Decide, FellBehind
from consensus.raft.member import Role
from consensus.raft.messages import AppendAnswer
from tests.unit.consensus.raft.world import TICKS_MAX, Bench, make_certificate, make_tip
from tests.unit.consensus.world import make_value

V, W = make_value("v"), make_value("w")


def answer_of(bench: Bench) -> AppendAnswer:
    return bench.said(AppendAnswer)[-1]


def test_a_value_that_is_being_checked_is_known_but_not_held() -> None:
    bench = Bench()
    bench.append(V)
    bench.append(beat=2, block=V.id)
    assert (answer_of(bench).has_value, answer_of(bench).acknowledgement) == (True, None)
    assert bench.of(CheckPayload) == []


def test_a_named_value_that_never_came_is_missing() -> None:
    bench = Bench()
    bench.append(beat=2, block=V.id)
    assert not answer_of(bench).has_value


def test_a_leader_whose_entry_is_invalid_here_is_left() -> None:
    bench = Bench()
    bench.append(V)
    bench.check(V, is_valid=False)
    assert (bench.engine.leader, bench.said(AppendAnswer)) == (None, [])
    bench.append(beat=2, block=V.id)
    assert bench.said(AppendAnswer) == []
    bench.tick(TICKS_MAX)
    assert bench.engine.role is Role.PRE_CANDIDATE


def test_the_next_leader_is_followed_again_unless_it_brings_the_same() -> None:
    bench = Bench()
    bench.append(V)
    bench.check(V, is_valid=False)
    bench.append(term=2, author=2)
    assert bench.engine.leader == 2
    bench.append(V, term=2, author=2, beat=2)
    assert bench.engine.leader is None


def test_an_entry_of_an_earlier_leader_is_taken_by_its_name() -> None:
    """The value is here; a heartbeat of the next leader that names it is enough."""
    bench = Bench()
    bench.hold(V, term=1)
    bench.append(term=2, author=2, block=V.id)
    held = answer_of(bench).acknowledgement
    assert held is not None
    assert bench.state.entry is not None
    assert (held.block, bench.state.entry.term) == (V.id, 2)


def test_a_check_that_ends_in_a_later_term_acknowledges_nothing() -> None:
    bench = Bench()
    bench.append(V, term=1)
    bench.append(term=2, author=2)
    bench.check(V)
    assert (bench.said(AppendAnswer), bench.state.entry) == ([], None)


def test_a_decision_waits_for_the_check_of_its_value() -> None:
    bench = Bench()
    bench.append(V)
    bench.decided(make_certificate(V, (1, 2)))
    assert bench.of(Decide) == []
    bench.check(V)
    assert [decision.value for decision in bench.of(Decide)] == [V]


def test_a_decision_about_what_is_invalid_here_stops_the_node() -> None:
    bench = Bench()
    bench.append(V)
    bench.decided(make_certificate(V, (1, 2)))
    with pytest.raises(Corruption, match="VT-3028"):
        bench.check(V, is_valid=False)


def test_a_mismatched_value_only_means_that_the_block_must_come_from_elsewhere() -> None:
    bench = Bench()
    bench.append(V)
    bench.check(V, is_valid=False, is_mismatched=True)
    bench.decided(make_certificate(V, (1, 2)))
    assert (bench.of(Decide), bench.of(FellBehind)) == ([], [FellBehind(2)])  # type: ignore[arg-type]


def test_a_decision_of_another_height_is_not_for_now() -> None:
    bench = Bench(0, make_tip(height=3))
    bench.decided(make_certificate(V, (1, 2), height=2))
    assert bench.of(Decide) == []


def test_while_a_block_is_being_written_the_next_heights_message_waits() -> None:
    bench = Bench()
    bench.hold(V)
    bench.decided(make_certificate(V, (0, 1)))
    assert len(bench.of(Decide)) == 1
    bench.append(W, height=2, beat=5, previous=V.id)
    assert bench.effects == []
    bench.commit(V)
    assert bench.of(CheckPayload) == [CheckPayload(2, 1, W)]  # type: ignore[arg-type]


def test_a_leader_behind_is_told_where_this_member_is() -> None:
    bench = Bench(0, make_tip(height=3, previous_term=2))
    bench.append(V, term=4, height=2, previous=W.id)
    assert (answer_of(bench).height, answer_of(bench).acknowledgement) == (3, None)
    assert bench.engine.leader == 1
