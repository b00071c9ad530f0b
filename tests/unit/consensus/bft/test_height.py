"""What `HeightEngine` does beyond the paper's lines: durability, checks, times, own messages."""

import pytest

from chain.certificate import check_certificate, compute_median_time
from chain.errors import PeerFault
from chain.scalars import UnixMillis
from consensus.bft.messages import Proposal
from consensus.bft.state import Step
from consensus.effects import (
    Accuse,
    Broadcast,
    BuildPayload,
    CheckPayload,
    Decide,
    Effect,
    Persist,
)
from tests.unit.consensus.world import (
    FOUR,
    GENESIS,
    START_MS,
    Bench,
    hash_verify,
    make_proposal,
    make_value,
    make_vote,
)

V, W = make_value("v", START_MS + 1), make_value("w", START_MS + 1)


def assert_durable_then_said(effects: list[Effect]) -> int:
    """Check that each own message is in the last state persisted before it; count them."""
    durable, count = None, 0
    for effect in effects:
        if isinstance(effect, Persist):
            durable = effect.state
        elif isinstance(effect, Broadcast):
            assert durable is not None
            assert effect.message in (durable.proposal, *durable.votes)
            count += 1
    return count


def test_every_own_message_is_durable_before_it_is_said() -> None:
    bench = Bench(1).start()
    effects = list(bench.build(V))
    effects += bench.votes("prevote", V.id, 2, 3)
    assert assert_durable_then_said(effects) == 3


def test_a_lock_is_durable_together_with_its_precommit() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1, 2)
    (persisted,) = bench.of(Persist)
    assert (persisted.state.locked_value_id, persisted.state.locked_round) == (V.id, 0)
    assert (persisted.state.valid_value, persisted.state.step) == (V, Step.PRECOMMIT)


def test_the_engine_counts_its_own_messages() -> None:
    bench = Bench(1).start()
    bench.build(V)
    assert isinstance(bench.said()[0], Proposal)
    assert bench.voted() == [("prevote", V.id)]
    bench.votes("prevote", V.id, 2, 3)
    assert bench.voted() == [("precommit", V.id)]


def test_its_own_value_counts_as_checked() -> None:
    bench = Bench(1).start()
    bench.build(V)
    assert bench.of(CheckPayload) == []


def test_a_value_is_checked_once_over_rounds() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.fire("precommit")
    bench.receive(make_proposal(V, round_=1))
    assert bench.of(CheckPayload) == []
    assert bench.voted() == [("prevote", V.id)]


def test_no_prevote_for_a_value_before_its_check_and_nil_after_the_time_out() -> None:
    bench = Bench().start()
    bench.receive(make_proposal(V))
    assert bench.voted() == []
    bench.fire("propose")
    assert bench.voted() == [("prevote", None)]
    bench.check(V)
    assert bench.voted() == []


def test_a_locked_node_refuses_another_value_without_waiting_for_its_check() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1, 2)
    bench.fire("precommit")
    bench.receive(make_proposal(W, round_=1))
    assert bench.voted() == [("prevote", None)]


def test_a_value_that_comes_too_late_is_not_proposed() -> None:
    bench = Bench(1).start()
    bench.fire("propose")
    bench.build(V)
    assert bench.effects == []


@pytest.mark.parametrize("round_", [1, 5])
def test_a_value_built_for_another_round_is_not_proposed(round_: int) -> None:
    bench = Bench(1).start()
    bench.build(V, round_=round_)
    assert bench.effects == []


def test_a_second_value_for_the_same_round_is_not_proposed() -> None:
    bench = Bench(1).start()
    bench.receive()
    bench.engine._height.log.proposals.add(make_proposal(W))
    bench.build(V)
    assert not any(isinstance(message, Proposal) for message in bench.said())


def test_the_proposer_gives_up_as_well_when_building_takes_too_long() -> None:
    bench = Bench(1).start()
    assert bench.of(BuildPayload) != []
    assert bench.timers() == [("propose", 0, 1_000)]
    bench.fire("propose")
    assert bench.voted() == [("prevote", None)]


def test_a_payload_that_is_not_what_it_is_called_is_refused_but_not_its_name() -> None:
    bench = Bench().start()
    bench.receive(make_proposal(V))
    bench.check(V, is_valid=False, is_mismatched=True)
    assert bench.voted() == [("prevote", None)]
    bench.votes("precommit", V.id, 1, 2, 3)
    assert bench.of(Decide) == [], "it waits for the block from its peers, and does not stop"


@pytest.mark.parametrize(
    ("now_ms", "block_ms", "expected_ms"),
    [
        (START_MS + 50, START_MS + 10, START_MS + 50),
        (START_MS + 50, START_MS + 50, START_MS + 51),
        (START_MS - 9_000, START_MS + 10, START_MS + 11),
    ],
)
def test_a_precommit_is_later_than_its_block_whatever_the_clock_says(
    now_ms: int, block_ms: int, expected_ms: int
) -> None:
    value = make_value("t", block_ms)
    bench = Bench().start()
    bench.propose(value)
    bench.now_ms = UnixMillis(now_ms)
    bench.votes("prevote", value.id, 1, 2)
    (vote,) = bench.said()
    assert vote == make_vote("precommit", 0, value.id, time_ms=expected_ms)


def test_a_precommit_for_nil_is_later_than_the_block_before() -> None:
    bench = Bench().start()
    bench.now_ms = UnixMillis(0)
    bench.fire("propose")
    bench.votes("prevote", None, 1, 2)
    (vote,) = bench.said()
    assert vote == make_vote("precommit", 0, None, time_ms=START_MS + 1)


def test_the_decision_carries_a_certificate_that_holds_and_dates_the_next_block() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.receive(
        make_vote("precommit", 3, V.id, time_ms=START_MS + 300),
        make_vote("precommit", 2, None, time_ms=START_MS + 9_000_000),
        make_vote("precommit", 1, V.id, time_ms=START_MS + 100),
        make_vote("prevote", 1, V.id),
        make_vote("prevote", 3, V.id),
    )
    (decision,) = bench.of(Decide)
    check_certificate(decision.certificate, GENESIS, FOUR, verify=hash_verify)
    assert [c.validator for c in decision.certificate.signatures] == [0, 1, 3]
    assert compute_median_time(decision.certificate, FOUR) == START_MS + 100


def test_an_observer_follows_and_decides_but_never_speaks() -> None:
    bench = Bench(None).start()
    bench.propose(V)
    said = bench.said()
    bench.votes("prevote", V.id, 1, 2, 3)
    said += bench.said()
    bench.votes("precommit", V.id, 1, 2, 3)
    said += bench.said()
    assert said == []
    assert bench.of(Persist) == []
    assert len(bench.of(Decide)) == 1


def test_two_votes_of_one_member_are_reported_with_both_as_proof() -> None:
    bench = Bench().start()
    first, second = make_vote("prevote", 2, V.id), make_vote("prevote", 2, W.id)
    bench.receive(first, second, second)
    assert bench.of(Accuse) == [Accuse(first, second)]


def test_a_refused_message_changes_nothing() -> None:
    bench = Bench(height=2).start()
    assert bench.state.step == Step.WAIT
    before = bench.engine.summary()
    with pytest.raises(PeerFault, match="VT-3025"):
        bench.receive(make_proposal(V, height=2, proposer=0))
    assert bench.engine.summary() == before
    assert bench.state.step == Step.WAIT


def test_an_equivocator_cannot_hide_a_quorum_for_ever() -> None:
    """Member 2 said nil here and V elsewhere; C, which saw V, is locked and proposes V again."""
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", None, 2)
    bench.votes("prevote", V.id, 3)
    assert bench.state.locked_round == -1
    bench.fire("precommit")
    bench.fire("precommit", 1)
    bench.propose(V, round_=2, valid_round=0)
    assert bench.voted() == []
    bench.votes("prevote", V.id, 2)
    assert bench.voted() == [("prevote", V.id)]
