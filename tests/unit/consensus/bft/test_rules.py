"""What the paper leaves to the implementer; the lines themselves are in tests/papers."""

import pytest
from msgspec.structs import replace

from chain.genesis import Timing
from chain.scalars import Height, Round
from consensus.bft import rules
from consensus.bft.proposals import ProposalBook
from consensus.bft.state import NEVER_SIGNED, Step, initial_state
from consensus.bft.votes import VoteBook
from consensus.value import Timer, TimerStep, Value
from tests.unit.consensus.world import (
    FOUR,
    Bench,
    make_proposal,
    make_validators,
    make_value,
    make_vote,
)

V, W = make_value("v"), make_value("w")


@pytest.mark.parametrize(
    ("step", "round_", "expected_ms"),
    [
        ("propose", 0, 1_000),
        ("propose", 1, 1_500),
        ("propose", 18, 10_000),
        ("propose", 19, 10_000),
        ("propose", 2**31 - 1, 10_000),
        ("prevote", 0, 500),
        ("prevote", 2, 1_000),
        ("precommit", 2, 1_000),
        ("precommit", 1_000, 10_000),
        ("heartbeat", 0, 10_000),
    ],
)
def test_time_outs_grow_with_the_round_up_to_a_cap(
    step: TimerStep, round_: int, expected_ms: int
) -> None:
    assert rules.compute_timeout_ms(Timing(), step, Round(round_)) == expected_ms


def test_an_observer_never_proposes() -> None:
    turns = [
        [rules.is_proposer(FOUR, Height(1), Round(r), own) for r in range(4)] for own in (None, 1)
    ]
    assert turns == [[False] * 4, [True, False, False, False]]


def is_lost(*weights: int, nil: tuple[int, ...], others: tuple[int, ...] = ()) -> bool:
    """Tell whether round 0 is lost after some prevoted nil and others V."""
    validators = make_validators(*weights)
    book = VoteBook(validators)
    for validator in (*nil, *others):
        book.add(make_vote("prevote", validator, None if validator in nil else V.id))
    return rules.is_lost(initial_state(Height(1), NEVER_SIGNED), book, validators)


def test_a_round_is_lost_when_more_than_a_third_of_the_weight_prevoted_nil() -> None:
    assert not is_lost(1, 1, 1, 1, nil=(0,), others=(1, 2, 3))
    assert is_lost(1, 1, 1, 1, nil=(0, 1), others=(2, 3))
    assert not is_lost(3, 2, 2, 2, nil=(0,))
    assert is_lost(3, 2, 2, 2, nil=(0, 1))
    assert is_lost(4, 1, 1, 1, nil=(0,))


def test_a_lost_round_leaves_too_little_weight_for_any_value() -> None:
    for total in range(1, 200):
        validators = make_validators(*[1] * total)
        assert total - validators.honest_weight < validators.quorum_weight


@pytest.mark.parametrize("lacks", ["nothing", "prevotes", "precommits", "silence"])
def test_a_round_is_over_when_a_quorum_says_nil_twice_and_the_proposer_nothing(lacks: str) -> None:
    book, proposals = VoteBook(FOUR), ProposalBook()
    for validator in range(2 if lacks == "prevotes" else 3):
        book.add(make_vote("prevote", validator, None))
    for validator in range(2 if lacks == "precommits" else 3):
        book.add(make_vote("precommit", validator, None))
    if lacks == "silence":
        proposals.add(make_proposal(V))
    state = initial_state(Height(1), NEVER_SIGNED)
    assert rules.is_over(state, book, proposals) == (lacks == "nothing")


def find_skip_round(*weights: int, votes: list[tuple[int, int]]) -> int | None:
    """Give the round to skip to from round 0 after (validator, round) voted."""
    validators = make_validators(*weights)
    book = VoteBook(validators)
    for validator, round_ in votes:
        book.add(make_vote("prevote", validator, None, round_=round_))
    state = initial_state(Height(1), NEVER_SIGNED)
    return rules.find_skip_round(state, book, ProposalBook(), validators)


def test_the_highest_round_with_more_than_a_third_is_skipped_to() -> None:
    votes = [(1, 3), (2, 3), (1, 7), (2, 7), (3, 9)]
    assert find_skip_round(1, 1, 1, 1, votes=votes) == 7


def test_exactly_a_third_is_not_enough_to_skip() -> None:
    assert find_skip_round(1, 1, 1, votes=[(1, 3)]) is None
    assert find_skip_round(1, 1, 1, votes=[(1, 3), (2, 3)]) == 3


def test_weight_counts_for_the_skip() -> None:
    assert find_skip_round(3, 1, 1, 1, votes=[(0, 3)]) == 3
    assert find_skip_round(3, 1, 1, 1, votes=[(1, 3), (2, 3)]) is None


def test_the_present_round_and_those_below_are_not_skipped_to() -> None:
    assert find_skip_round(1, 1, 1, 1, votes=[(1, 0), (2, 0), (3, 0)]) is None


def test_a_decision_needs_a_value_that_can_be_found() -> None:
    book = VoteBook(FOUR)
    for index in range(3):
        book.add(make_vote("precommit", index, V.id, round_=4))

    def find_nothing(_: bytes) -> Value | None:
        return None

    assert rules.find_decision(book, find_nothing) is None
    assert rules.find_decision(book, lambda name: V if name == V.id else None) == (4, V)


@pytest.mark.parametrize(
    ("step", "valid_in"),
    [
        ("propose", {Step.PROPOSE}),
        ("prevote", {Step.PREVOTE}),
        ("precommit", {Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT}),
        ("heartbeat", {Step.WAIT}),
    ],
)
def test_a_timer_is_stale_in_other_steps_rounds_and_heights(
    step: TimerStep, valid_in: set[Step]
) -> None:
    bench = Bench().start(round_=1)
    for present in Step:
        state = replace(bench.state, step=present)
        assert rules.is_present(state, Timer(Height(1), Round(1), step)) == (present in valid_in)
        assert not rules.is_present(state, Timer(Height(1), Round(0), step))
        assert not rules.is_present(state, Timer(Height(2), Round(1), step))


def test_a_lock_is_compared_by_name() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1, 2)
    same, other = make_proposal(V, round_=1), make_proposal(W, round_=1)
    assert rules.accepts_fresh(bench.state, same, is_valid=True)
    assert not rules.accepts_fresh(bench.state, other, is_valid=True)
    assert not rules.accepts_fresh(bench.state, same, is_valid=False)
