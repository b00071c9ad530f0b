import pytest

from chain.errors import Refused
from chain.scalars import Height
from chain.validators import ValidatorSet
from contracts.genesis_state import initial_writes
from contracts.native.committee import (
    check_set,
    find_planned,
    get_committee,
    get_newest,
    has_weight_without,
)
from contracts.state import MemoryView, Overlay
from tests.unit.contracts.support import make_committee, make_genesis

FOUR = make_committee(1, 1, 1, 1)


def refusal(before: ValidatorSet, after: ValidatorSet) -> str:
    with pytest.raises(Refused) as refused:
        check_set(before, after)
    assert refused.value.code == "VT-2065"
    return refused.value.why


def test_the_chain_begins_with_the_validators_of_genesis():
    overlay = Overlay(MemoryView(initial_writes(make_genesis(validators=FOUR))))
    for height in (1, 2, 10**9):
        assert get_committee(overlay, Height(height)) == FOUR
    assert get_newest(overlay).cause == "genesis"
    assert find_planned(overlay, Height(2)) is None


def test_one_of_four_equal_members_may_come_and_go():
    check_set(FOUR, make_committee(1, 1, 1, 1, 1))
    check_set(FOUR, make_committee(1, 1, 1))
    check_set(FOUR, make_committee(1, 1, 1, 1, 0))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1, 1, 1, 1), (1, 1, 1, 1, 2)),
        ((1, 1, 1, 1), (3, 1, 1, 1)),
        ((3, 1, 1, 1), (1, 1, 1)),
        ((3, 1, 1, 1), (0, 1, 1, 1)),
        ((10, 10, 10, 10), (10, 10, 10, 10, 20)),
    ],
)
def test_no_step_moves_a_third_of_the_weight(before, after):
    totals = sum(before), sum(after)
    assert refusal(make_committee(*before), make_committee(*after)) == (
        f"it moves a third of all weight or more, from {totals[0]} to {totals[1]}; "
        "go in smaller steps."
    )


def test_just_less_than_a_third_is_a_step():
    check_set(make_committee(10, 10, 10, 10), make_committee(10, 10, 10, 10, 19))


@pytest.mark.parametrize("weights", [(1,), (1, 1), (5, 1, 1), (1, 1, 1, 0, 0)])
def test_fewer_than_four_voters_may_take_any_step(weights):
    before = make_committee(*weights)
    check_set(before, make_committee(*weights, 9))
    check_set(before, make_committee(9, *weights[1:]))


def test_somebody_must_be_left_with_a_vote():
    one = make_committee(1)
    assert refusal(one, ValidatorSet(())) == "no validator would be left."
    assert refusal(one, make_committee(0)) == "nobody would be left with a vote."
    assert refusal(make_committee(1, 0), make_committee(0, 0)) == (
        "nobody would be left with a vote."
    )


def test_there_is_a_greatest_number_of_validators():
    before = make_committee(*[1] * 256)
    assert refusal(before, make_committee(*[1] * 257)) == "at most 256 validators are allowed."


def test_under_raft_every_weight_is_one_or_none():
    before = make_committee(1, 1, 1, engine="raft")
    check_set(before, make_committee(1, 1, 1, 0, engine="raft"))
    assert refusal(before, make_committee(1, 1, 2, engine="raft")) == (
        "under Raft every weight is 0 or 1."
    )


def test_who_could_vote_without_a_node():
    assert has_weight_without(FOUR, FOUR.members[0].node)
    alone = make_committee(1, 0)
    assert not has_weight_without(alone, alone.members[0].node)
    assert has_weight_without(alone, alone.members[1].node)
