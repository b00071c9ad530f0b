from msgspec.structs import replace

from chain.scalars import Height
from chain.validators import ValidatorSet
from consensus.bft.ahead import HELD_ROUNDS_MAX, AheadBook
from tests.unit.consensus.world import (
    FOUR,
    make_proposal,
    make_validators,
    make_value,
    make_vote,
)

V = make_value("v")


def book(*weights: int) -> AheadBook:
    return AheadBook(make_validators(*weights) if weights else FOUR, Height(1))


def test_more_than_a_third_of_the_weight_shows_that_others_are_ahead() -> None:
    ahead = book()
    assert ahead.add(make_vote("prevote", 0, None, height=9)) is None
    assert ahead.add(make_vote("prevote", 1, None, height=7)) == 7
    assert ahead.add(make_vote("prevote", 2, None, height=7)) is None, "told once"
    assert ahead.add(make_vote("prevote", 3, None, height=9)) == 9


def test_weight_counts_not_heads() -> None:
    ahead = book(5, 2, 1, 1)
    assert ahead.add(make_vote("prevote", 2, None, height=3)) is None
    assert ahead.add(make_vote("prevote", 3, None, height=3)) is None
    assert ahead.add(make_vote("prevote", 0, None, height=3)) == 3


def test_a_proposal_of_the_proposer_is_enough() -> None:
    ahead = book()
    proposal = make_proposal(V, height=6)
    assert ahead.add(proposal) == 6
    assert not ahead.is_news(proposal)
    assert ahead.add(proposal) is None


def test_one_liar_cannot_hide_the_height_that_the_others_show() -> None:
    ahead = book()
    assert ahead.add(make_proposal(V, height=2**50)) == 2**50
    assert ahead.add(make_vote("prevote", 1, None, height=4)) == 4


def test_the_next_height_waits_in_a_bounded_room() -> None:
    ahead = book()
    messages = [
        make_vote(kind, index, None, height=2, round_=round_)
        for kind in ("prevote", "precommit")
        for index in range(4)
        for round_ in range(10)
    ]
    for message in messages:
        ahead.add(message)
    held = ahead.advance(FOUR, Height(2))
    assert held == [m for m in messages if m.round < HELD_ROUNDS_MAX]


def test_heights_further_ahead_are_not_held() -> None:
    ahead = book()
    ahead.add(make_vote("prevote", 0, None, height=3))
    assert ahead.advance(FOUR, Height(2)) == []
    assert ahead.advance(FOUR, Height(3)) == []


def test_only_news_is_worth_a_check() -> None:
    ahead = book()
    first = make_vote("prevote", 0, None, height=2)
    assert ahead.is_news(first)
    ahead.add(first)
    assert not ahead.is_news(first)
    assert ahead.is_news(make_vote("precommit", 0, None, height=2))
    assert not ahead.is_news(make_vote("prevote", 0, None, height=2, round_=HELD_ROUNDS_MAX))
    assert ahead.is_news(make_vote("prevote", 0, None, height=3))


def test_after_a_height_is_reached_only_higher_ones_count() -> None:
    ahead = book()
    ahead.add(make_vote("prevote", 0, None, height=5))
    ahead.add(make_vote("prevote", 1, None, height=3))
    ahead.advance(FOUR, Height(3))
    assert ahead.add(make_vote("prevote", 2, None, height=5)) == 5


def test_members_that_left_the_set_are_forgotten() -> None:
    ahead = book()
    ahead.add(make_vote("prevote", 3, None, height=5))
    ahead.advance(make_validators(1, 1), Height(2))
    assert ahead.add(make_vote("prevote", 1, None, height=5)) == 5


def test_a_member_is_known_by_its_key_though_its_index_shifts() -> None:
    ahead = book()
    ahead.add(make_vote("prevote", 3, None, height=9))
    shifted = ValidatorSet(FOUR.members[1:])
    ahead.advance(shifted, Height(2))
    again = replace(make_vote("prevote", 3, None, height=9), validator=2)
    assert not ahead.is_news(again)
    assert ahead.add(replace(make_vote("prevote", 1, None, height=9), validator=0)) == 9


def test_nobody_with_an_index_beyond_the_set_is_news() -> None:
    ahead = book()
    ahead.advance(ValidatorSet(FOUR.members[1:]), Height(2))
    assert not ahead.is_news(make_vote("prevote", 3, None, height=3))
