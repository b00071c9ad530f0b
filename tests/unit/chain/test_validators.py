"""Validator sets: thresholds and turns."""

from collections import Counter

import pytest
from msgspec.structs import replace

from chain.codec import encode
from chain.hashing import hash_tagged
from chain.scalars import Height, NodeName, Round
from chain.validators import ValidatorSet, compute_proposer, compute_validators_root
from tests.vectors.sample import make_genesis


def of_weights(*weights: int) -> ValidatorSet:
    template = make_genesis().validators.members[0]
    return ValidatorSet(
        tuple(
            replace(template, node=NodeName(f"node-{index}"), weight=weight)
            for index, weight in enumerate(weights)
        )
    )


@pytest.mark.parametrize(
    ("weights", "quorum", "honest"),
    [((1,), 1, 1), ((1, 1, 1), 3, 2), ((1,) * 4, 3, 2), ((1,) * 7, 5, 3), ((10, 1, 1), 9, 5)],
)
def test_thresholds(weights: tuple[int, ...], quorum: int, honest: int) -> None:
    validators = of_weights(*weights)
    total = sum(weights)
    assert validators.quorum_weight == quorum
    assert validators.quorum_weight * 3 > total * 2 >= (validators.quorum_weight - 1) * 3
    assert validators.honest_weight == honest
    assert validators.honest_weight * 3 > total >= (validators.honest_weight - 1) * 3


@pytest.mark.parametrize(("count", "quorum"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_in_raft_more_than_half_decides_and_anybody_is_correct(count: int, quorum: int) -> None:
    validators = replace(of_weights(*[1] * count), engine="raft")
    assert (validators.quorum_weight, validators.honest_weight) == (quorum, 1)


def test_a_member_without_weight_counts_for_nothing_and_never_proposes() -> None:
    validators = of_weights(1, 0, 1, 1, 1)
    assert (validators.total_weight, validators.quorum_weight) == (4, 3)
    turns = {compute_proposer(validators, Height(height), Round(0)) for height in range(60)}
    assert turns == {0, 2, 3, 4}


def test_members_are_found_by_index_and_name() -> None:
    validators = of_weights(1, 1, 1)
    assert len(validators) == 3
    assert validators.get(2) is validators.members[2]
    assert validators.get(3) is None
    assert validators.get(-1) is None
    assert validators.index_of(NodeName("node-1")) == 1
    assert validators.index_of(NodeName("node-9")) is None


def test_turns_are_in_proportion_to_weight_and_spread_out() -> None:
    validators = of_weights(3, 1, 2)
    turns = [compute_proposer(validators, Height(height), Round(0)) for height in range(60)]
    assert Counter(turns) == {0: 30, 1: 10, 2: 20}
    assert all(turns[i : i + 4] != [0, 0, 0, 0] for i in range(57))


def test_the_next_round_is_the_next_ones_turn() -> None:
    validators = of_weights(1, 1, 1, 1)
    for height in range(8):
        turns = {compute_proposer(validators, Height(height), Round(r)) for r in range(4)}
        assert turns == {0, 1, 2, 3}
        assert compute_proposer(validators, Height(height), Round(1)) == compute_proposer(
            validators, Height(height + 1), Round(0)
        )


def test_a_common_factor_of_the_weights_changes_nothing() -> None:
    small, large = of_weights(3, 1, 2), of_weights(3_000_000, 1_000_000, 2_000_000)
    for height in range(30):
        assert compute_proposer(small, Height(height), Round(0)) == compute_proposer(
            large, Height(height), Round(0)
        )


def test_very_uneven_weights_still_give_a_proposer() -> None:
    validators = of_weights(2**31 - 1, 1)
    assert compute_proposer(validators, Height(5), Round(0)) == 0


def test_the_root_covers_the_engine() -> None:
    validators = of_weights(1, 1)
    moved = replace(validators, engine="raft")
    assert compute_validators_root(validators) != compute_validators_root(moved)


def test_the_root_covers_order_and_weights() -> None:
    one, other = of_weights(1, 2), of_weights(2, 1)
    assert compute_validators_root(one) == hash_tagged("validators", encode(one))
    assert compute_validators_root(one) != compute_validators_root(other)
    turned = ValidatorSet(one.members[::-1])
    assert compute_validators_root(one) != compute_validators_root(turned)
