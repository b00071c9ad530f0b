from chain.certificate import check_certificate
from chain.scalars import Height, Round
from consensus.bft.votes import (
    FUTURE_ROUNDS_MAX,
    PAST_ROUNDS_MAX,
    Tally,
    VoteBook,
    make_certificate,
)
from tests.unit.consensus.world import (
    FOUR,
    GENESIS,
    hash_verify,
    make_validators,
    make_value,
    make_vote,
)

V, W = make_value("v").id, make_value("w").id
ZERO = Round(0)


def test_weights_count_not_heads() -> None:
    book = VoteBook(make_validators(5, 1, 1))
    for index in (1, 2):
        book.add(make_vote("prevote", index, V))
    assert not book.has_quorum("prevote", ZERO, V)
    book.add(make_vote("prevote", 0, V))
    assert book.has_quorum("prevote", ZERO, V)


def test_exactly_two_thirds_is_not_a_quorum() -> None:
    book = VoteBook(make_validators(1, 1, 1))
    book.add(make_vote("prevote", 0, V))
    book.add(make_vote("prevote", 1, V))
    assert not book.has_quorum("prevote", ZERO, V)
    assert not book.has_quorum_any("prevote", ZERO)


def test_kinds_rounds_and_values_are_counted_apart() -> None:
    book = VoteBook(FOUR)
    book.add(make_vote("prevote", 0, V))
    book.add(make_vote("precommit", 1, V))
    book.add(make_vote("prevote", 2, V, round_=1))
    book.add(make_vote("prevote", 3, W))
    assert book.tally("prevote", ZERO).weight_for(V) == 1
    assert book.tally("prevote", ZERO).weight_any == 2
    assert book.rounds() == [0, 1]
    assert book.voters(ZERO) == {0, 1, 3}


def test_a_second_vote_counts_for_its_value_but_its_sender_once_in_all() -> None:
    tally = Tally(FOUR)
    first = make_vote("prevote", 0, V)
    for vote in (first, first, make_vote("prevote", 0, W), make_vote("prevote", 1, W)):
        tally.add(vote)
    assert (tally.weight_for(V), tally.weight_for(W), tally.weight_any) == (1, 2, 2)
    assert tally.first(0) == first
    assert [vote.validator for vote in tally.votes_for(W)] == [0, 1]


def test_a_removed_sender_leaves_nothing_behind() -> None:
    tally = Tally(FOUR)
    for vote in (make_vote("prevote", 0, V), make_vote("prevote", 0, W)):
        tally.add(vote)
    tally.remove(0)
    tally.remove(3)
    assert (tally.weight_for(V), tally.weight_for(W), tally.weight_any) == (0, 0, 0)
    assert tally.votes() == []


def test_each_sender_is_accused_once_for_a_kind_and_round() -> None:
    book = VoteBook(FOUR)
    vote = make_vote("prevote", 0, V)
    assert not book.is_accused(vote)
    assert book.accuse_once(vote)
    assert book.is_accused(make_vote("prevote", 0, W))
    assert not book.accuse_once(make_vote("prevote", 0, W))
    assert book.accuse_once(make_vote("precommit", 0, V))


def test_decisions_are_precommit_quorums_for_values() -> None:
    book = VoteBook(FOUR)
    for index in range(3):
        book.add(make_vote("precommit", index, None))
        book.add(make_vote("prevote", index, V, round_=1))
        book.add(make_vote("precommit", index, W, round_=2))
    assert book.decisions() == [(2, W)]


def test_the_certificate_holds_exactly_the_precommits_for_the_block_in_ascending_order() -> None:
    book = VoteBook(FOUR)
    for vote in (
        make_vote("precommit", 3, V, round_=1),
        make_vote("precommit", 1, None, round_=1),
        make_vote("precommit", 0, V, round_=1, time_ms=7),
        make_vote("prevote", 1, V, round_=1),
        make_vote("precommit", 2, V, round_=1),
        make_vote("precommit", 1, V, round_=0),
        make_vote("precommit", 1, W, round_=1),
    ):
        book.add(vote)
    certificate = make_certificate(book, Height(1), Round(1), V)
    assert [commit.validator for commit in certificate.signatures] == [0, 2, 3]
    assert certificate.signatures[0].time_ms == 7
    check_certificate(certificate, GENESIS, FOUR, verify=hash_verify)


def test_a_vote_for_nil_from_the_year_2100_leaves_the_certificate_alone() -> None:
    book = VoteBook(FOUR)
    for index in range(3):
        book.add(make_vote("precommit", index, V))
    before = make_certificate(book, Height(1), ZERO, V)
    book.add(make_vote("precommit", 3, None, time_ms=4_102_444_800_000))
    assert make_certificate(book, Height(1), ZERO, V) == before


def test_only_the_highest_future_rounds_of_a_sender_are_kept() -> None:
    book = VoteBook(FOUR)
    book.add(make_vote("prevote", 1, V, round_=10))
    for round_ in range(1, 50):
        book.add(make_vote("prevote", 2, V, round_=round_))
        book.limit_future(2, ZERO)
    assert [r for r in book.rounds() if 2 in book.voters(r)] == [46, 47, 48, 49]
    assert len(book.rounds()) == FUTURE_ROUNDS_MAX + 1, "and round 10 of another sender"


def test_rounds_long_past_are_forgotten_unless_they_are_needed() -> None:
    book = VoteBook(FOUR)
    for round_ in range(30):
        book.add(make_vote("prevote", 1, V, round_=round_))
    book.accuse_once(make_vote("prevote", 1, V, round_=0))
    book.prune(Round(29), {Round(3)})
    assert book.rounds() == [3, *range(29 - PAST_ROUNDS_MAX, 30)]
    assert not book.is_accused(make_vote("prevote", 1, V, round_=0))
