"""Algorithm 1 of arXiv 1807.04938, line by line, on the engine itself.

Members 0 to 3 have one vote each, so three are 2f+1 and two are f+1. At height 1 member
(1 + round) % 4 proposes. The engine under test is member 0, unless it has to propose.
"""

import pytest

from chain.errors import Corruption
from consensus.bft.messages import NO_ROUND, Proposal
from consensus.bft.state import Step
from consensus.effects import BuildPayload, CheckPayload, Decide
from tests.unit.consensus.world import Bench, make_block, make_proposal, make_value, make_vote

V = make_value("v")
W = make_value("w")


def locked_on_v(round_now: int = 1) -> Bench:
    """Lock member 0 on V in round 0, and bring it to a later round."""
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1, 2)
    for round_ in range(round_now):
        bench.fire("precommit", round_)
    return bench


def test_L02_to_L09_a_height_begins_with_nothing_locked_and_nothing_valid() -> None:
    state = Bench().state
    assert (state.height, state.round) == (1, 0)
    assert (state.locked_value_id, state.locked_round) == (None, NO_ROUND)
    assert (state.valid_value, state.valid_round) == (None, NO_ROUND)


def test_L10_start_begins_round_zero() -> None:
    bench = Bench().start()
    assert (bench.state.round, bench.state.step) == (0, Step.PROPOSE)


def test_L12_L13_a_new_round_begins_with_step_propose() -> None:
    bench = Bench().start()
    bench.fire("propose")
    bench.fire("precommit")
    assert (bench.state.round, bench.state.step) == (1, Step.PROPOSE)


def test_L14_only_the_proposer_of_the_round_proposes() -> None:
    assert Bench(1).start().of(BuildPayload) == [BuildPayload(1, 0)]
    assert Bench(0).start().of(BuildPayload) == []


def test_L15_L16_the_valid_value_is_proposed_again_with_its_round() -> None:
    bench = locked_on_v(round_now=3)
    proposal = bench.said()[0]
    assert isinstance(proposal, Proposal)
    assert (proposal.round, proposal.value, proposal.valid_round) == (3, V, 0)
    assert bench.of(BuildPayload) == []


def test_L18_without_a_valid_value_a_new_one_is_asked_for() -> None:
    bench = Bench().start(round_=3)
    assert bench.of(BuildPayload) == [BuildPayload(1, 3)]


def test_L19_the_proposal_is_broadcast_with_valid_round_minus_one() -> None:
    bench = Bench(1).start()
    bench.build(V)
    assert bench.said()[0] == make_proposal(V, round_=0, valid_round=-1)


def test_L21_the_others_schedule_the_propose_time_out() -> None:
    assert Bench().start().timers() == [("propose", 0, 1_000)]


def test_L22_a_fresh_proposal_is_prevoted_in_step_propose_only() -> None:
    bench = Bench().start()
    assert (bench.propose(V), bench.voted())[1] == [("prevote", V.id)]
    late = Bench().start()
    late.fire("propose")
    late.propose(V)
    assert late.voted() == []


def test_L22_a_proposal_of_another_round_is_not_prevoted() -> None:
    bench = Bench().start(round_=1)
    bench.propose(V, round_=0)
    assert bench.voted() == []


def test_L23_L24_an_unlocked_node_prevotes_a_valid_value() -> None:
    bench = Bench().start()
    bench.propose(V)
    assert bench.voted() == [("prevote", V.id)]


def test_L23_a_node_locked_on_the_value_prevotes_it() -> None:
    bench = locked_on_v()
    bench.propose(V, round_=1)
    assert bench.voted() == [("prevote", V.id)]


def test_L26_an_invalid_value_gets_a_prevote_for_nil() -> None:
    bench = Bench().start()
    bench.receive(make_proposal(V))
    assert bench.of(CheckPayload) == [CheckPayload(1, 0, V)]
    assert bench.voted() == []
    bench.check(V, is_valid=False)
    assert bench.voted() == [("prevote", None)]


def test_L26_a_node_locked_on_another_value_prevotes_nil() -> None:
    bench = locked_on_v()
    bench.propose(W, round_=1)
    assert bench.voted() == [("prevote", None)]


def test_L27_after_the_prevote_the_step_is_prevote() -> None:
    bench = Bench().start()
    bench.propose(V)
    assert bench.state.step == Step.PREVOTE


def test_L28_an_old_value_needs_two_thirds_of_prevotes_in_its_valid_round() -> None:
    bench = Bench().start(round_=1)
    bench.votes("prevote", V.id, 1, 2, round_=0)
    bench.propose(V, round_=1, valid_round=0)
    assert bench.voted() == []
    bench.votes("prevote", V.id, 3, round_=0)
    assert bench.voted() == [("prevote", V.id)]


def test_L28_prevotes_of_another_round_do_not_justify() -> None:
    bench = Bench().start(round_=2)
    bench.votes("prevote", V.id, 1, 2, 3, round_=0)
    bench.propose(V, round_=2, valid_round=1)
    assert bench.voted() == []


def test_L29_L30_a_lock_from_the_valid_round_or_before_gives_way() -> None:
    bench = locked_on_v(round_now=2)
    bench.votes("prevote", W.id, 1, 2, 3, round_=1)
    bench.propose(W, round_=2, valid_round=1)
    assert bench.voted() == [("prevote", W.id)]


def test_L29_L30_a_node_locked_later_on_the_same_value_prevotes_it() -> None:
    bench = Bench().start(round_=1)
    bench.propose(V, round_=1)
    bench.votes("prevote", V.id, 1, 2, round_=1)
    bench.fire("precommit", 1)
    assert bench.state.locked_round == 1
    bench.votes("prevote", V.id, 1, 2, 3, round_=0)
    bench.propose(V, round_=2, valid_round=0)
    assert bench.voted() == [("prevote", V.id)]


def test_L32_a_lock_from_after_the_valid_round_holds() -> None:
    bench = Bench().start(round_=1)
    bench.propose(V, round_=1)
    bench.votes("prevote", V.id, 1, 2, round_=1)
    bench.fire("precommit", 1)
    bench.votes("prevote", W.id, 1, 2, 3, round_=0)
    bench.propose(W, round_=2, valid_round=0)
    assert bench.voted() == [("prevote", None)]


def test_L33_after_a_justified_prevote_the_step_is_prevote() -> None:
    bench = Bench().start(round_=1)
    bench.votes("prevote", V.id, 1, 2, 3, round_=0)
    bench.propose(V, round_=1, valid_round=0)
    assert bench.state.step == Step.PREVOTE


def test_L34_L35_any_two_thirds_of_prevotes_schedule_the_time_out_once() -> None:
    bench = Bench().start()
    bench.fire("propose")
    bench.votes("prevote", V.id, 1)
    assert bench.timers() == []
    bench.votes("prevote", W.id, 2)
    assert bench.timers() == [("prevote", 0, 500)]
    bench.votes("prevote", None, 3)
    assert bench.timers() == []


def test_L34_not_while_the_step_is_propose() -> None:
    bench = Bench().start()
    bench.votes("prevote", None, 1, 2, 3)
    assert bench.timers() == []


def test_L36_needs_the_proposal_its_check_and_two_thirds() -> None:
    bench = Bench().start()
    bench.votes("prevote", V.id, 1, 2, 3)
    bench.fire("propose")
    assert bench.voted() == [("prevote", None)]
    bench.receive(make_proposal(V))
    assert bench.voted() == []
    bench.check(V)
    assert bench.voted() == [("precommit", V.id)]


def test_L36_two_votes_of_four_are_not_enough() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1)
    assert bench.state.locked_round == NO_ROUND


def test_L37_to_L41_lock_precommit_and_move_on() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1, 2)
    assert bench.voted() == [("precommit", V.id)]
    assert (bench.state.locked_value_id, bench.state.locked_round) == (V.id, 0)
    assert bench.state.step == Step.PRECOMMIT


def test_L37_after_a_precommit_for_nil_there_is_no_lock() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.fire("prevote")
    assert bench.voted() == [("precommit", None)]
    bench.votes("prevote", V.id, 1, 2)
    assert bench.voted() == []
    assert bench.state.locked_round == NO_ROUND


def test_L42_L43_the_valid_value_is_learnt_even_then() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.fire("prevote")
    bench.votes("prevote", V.id, 1, 2)
    assert (bench.state.valid_value, bench.state.valid_round) == (V, 0)


def test_L44_L45_L46_two_thirds_for_nil_precommit_nil() -> None:
    bench = Bench().start()
    bench.fire("propose")
    bench.votes("prevote", None, 1, 2)
    assert bench.voted() == [("precommit", None)]
    assert bench.state.step == Step.PRECOMMIT


def test_L44_is_deliberately_wider_here_a_third_for_nil_is_enough_in_either_step() -> None:
    """ADR 0017: with f+1 for nil no value can get 2f+1, so no time-out of L57 or L61 is sat out."""
    bench = Bench().start()
    bench.votes("prevote", None, 1)
    assert bench.voted() == []
    bench.votes("prevote", None, 2)
    assert bench.voted() == [("prevote", None), ("precommit", None)]
    late = Bench().start()
    late.propose(V)
    late.votes("prevote", None, 1, 2)
    assert late.voted() == [("precommit", None)]
    assert late.state.locked_round == NO_ROUND


def test_L47_L48_any_two_thirds_of_precommits_schedule_the_time_out_once() -> None:
    bench = Bench().start()
    bench.votes("precommit", V.id, 1)
    bench.votes("precommit", W.id, 2)
    assert bench.timers() == []
    bench.votes("precommit", None, 3)
    assert bench.timers() == [("precommit", 0, 500)]
    bench.fire("propose")
    assert bench.timers() == []


def test_L47_is_deliberately_left_out_when_a_silent_proposers_round_is_over() -> None:
    """ADR 0017: 2f+1 prevotes and 2f+1 precommits for nil, and no proposal: the next round."""
    bench = Bench().start()
    bench.votes("prevote", None, 1, 2, 3)
    bench.votes("precommit", None, 1)
    assert bench.state.round == 0
    bench.votes("precommit", None, 2)
    assert (bench.state.round, bench.state.step) == (1, Step.PROPOSE)
    assert bench.timers() == [("propose", 1, 1_500)]


def test_L47_holds_while_somebody_may_have_locked() -> None:
    """A member may have seen 2f+1 for V; the wait is what lets all others hear of it."""
    bench = Bench().start()
    bench.votes("prevote", None, 1, 2)
    assert bench.voted() == [("prevote", None), ("precommit", None)]
    unsure = Bench().start()
    unsure.propose(V)
    unsure.votes("prevote", None, 1, 2, 3)
    unsure.votes("precommit", None, 1, 2)
    assert (unsure.state.round, unsure.timers()) == (0, [("precommit", 0, 500)])


def test_L49_needs_the_value_and_two_thirds_of_precommits_for_it() -> None:
    bench = Bench().start()
    bench.votes("precommit", V.id, 1, 2, 3)
    assert bench.of(Decide) == []
    bench.propose(V)
    assert bench.of(Decide) == [Decide(1, 0, V, bench.of(Decide)[0].certificate)]


def test_L49_nil_is_never_decided() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("precommit", None, 1, 2, 3)
    assert bench.of(Decide) == []


def test_L49_a_past_round_still_decides() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("precommit", V.id, 1, 2)
    bench.fire("precommit", 0)
    assert bench.state.round == 1
    bench.votes("precommit", V.id, 3)
    (decision,) = bench.of(Decide)
    assert (decision.round, decision.certificate.round) == (0, 0)


def test_L50_a_decided_value_that_is_invalid_here_stops_the_node() -> None:
    bench = Bench().start()
    bench.receive(make_proposal(V))
    bench.check(V, is_valid=False)
    with pytest.raises(Corruption) as stopped:
        bench.votes("precommit", V.id, 1, 2, 3)
    assert str(stopped.value) == (
        f"VT-3028: Block {V.id.hex()} was decided at height 1, but executing it here gave "
        "another result."
    )


def test_L51_a_height_is_decided_once() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("precommit", V.id, 1, 2, 3)
    assert len(bench.of(Decide)) == 1
    bench.receive(make_vote("precommit", 0, V.id))
    bench.fire("precommit")
    assert bench.effects == []


def test_L52_L53_the_next_height_begins_with_initial_values_and_an_empty_log() -> None:
    bench = locked_on_v()
    bench.commit(V, make_block(V), has_work=True)
    state = bench.state
    assert (state.height, state.round, state.locked_round, state.valid_round) == (2, 0, -1, -1)
    assert (state.valid_value, state.proposal, state.votes) == (None, None, ())
    assert set(bench.engine.summary().prevotes) == {0}


def test_L54_the_next_height_starts_round_zero() -> None:
    bench = Bench().start()
    bench.commit(V, make_block(V), has_work=True)
    assert (bench.state.round, bench.state.step) == (0, Step.PROPOSE)


def test_L55_L56_a_third_and_more_in_a_later_round_draw_the_node_there() -> None:
    bench = Bench().start()
    bench.votes("prevote", None, 2, round_=4)
    assert bench.state.round == 0
    bench.votes("precommit", V.id, 3, round_=4)
    assert (bench.state.round, bench.state.step) == (4, Step.PROPOSE)


def test_L55_one_member_counts_once_whatever_it_says() -> None:
    bench = Bench().start()
    bench.votes("prevote", None, 2, round_=4)
    bench.votes("precommit", None, 2, round_=4)
    assert bench.state.round == 0


def test_L55_a_proposal_counts_as_well() -> None:
    bench = Bench().start()
    bench.receive(make_proposal(V, round_=1))
    bench.votes("prevote", V.id, 1, round_=1)
    assert bench.state.round == 1


def test_L57_to_L60_the_propose_time_out_prevotes_nil() -> None:
    bench = Bench().start()
    bench.fire("propose")
    assert bench.voted() == [("prevote", None)]
    assert bench.state.step == Step.PREVOTE


def test_L58_a_propose_time_out_of_another_round_or_step_is_stale() -> None:
    bench = Bench().start(round_=1)
    bench.fire("propose", 0)
    assert bench.effects == []
    bench.propose(V, round_=1)
    bench.fire("propose", 1)
    assert bench.effects == []


def test_L61_to_L64_the_prevote_time_out_precommits_nil() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.fire("prevote")
    assert bench.voted() == [("precommit", None)]
    assert bench.state.step == Step.PRECOMMIT


def test_L62_a_prevote_time_out_in_another_step_is_stale() -> None:
    bench = Bench().start()
    bench.fire("prevote")
    assert bench.effects == []


def test_L65_to_L67_the_precommit_time_out_starts_the_next_round() -> None:
    bench = Bench().start()
    bench.fire("precommit")
    assert bench.state.round == 1


def test_L66_a_precommit_time_out_of_another_round_is_stale() -> None:
    bench = Bench().start(round_=2)
    bench.fire("precommit", 1)
    assert (bench.state.round, bench.effects) == (2, [])
