from msgspec.structs import replace

from chain.scalars import Round
from consensus.bft.proposals import ProposalBook
from consensus.bft.votes import PAST_ROUNDS_MAX
from consensus.verdicts import Verdict
from tests.unit.consensus.world import make_proposal, make_value

V, W = make_value("v"), make_value("w")
FALSE_V = replace(V, payload=b"something else")


def test_the_first_proposal_of_a_round_stays() -> None:
    book = ProposalBook()
    book.add(make_proposal(V))
    book.add(make_proposal(W))
    assert book.get(Round(0)) == make_proposal(V)
    assert book.get(Round(1)) is None


def test_finding_by_name_prefers_the_valid_value_and_never_gives_a_mismatched_one() -> None:
    book = ProposalBook()
    book.add(make_proposal(FALSE_V, round_=0))
    assert book.find(V.id) == FALSE_V
    book.add(make_proposal(V, round_=1))
    book.mark_valid(V)
    assert book.find(V.id) == V
    only_false = ProposalBook()
    only_false.add(make_proposal(FALSE_V))
    only_false.start_check(FALSE_V)
    only_false.finish_check(FALSE_V, Verdict.MISMATCHED)
    assert only_false.find(V.id) is None
    assert only_false.find(W.id) is None


def test_the_valid_value_is_known_without_its_proposal() -> None:
    book = ProposalBook()
    book.keep_value(V)
    assert book.find(V.id) == V


def test_a_proposer_holds_one_future_round() -> None:
    book = ProposalBook()
    for round_ in (1, 5, 9, 13):
        book.add(make_proposal(V, round_=round_))
        book.limit_future(2, Round(0))
    book.add(make_proposal(W, round_=2))
    assert book.rounds() == [2, 13]


def test_old_proposals_and_their_verdicts_are_forgotten_unless_needed() -> None:
    book = ProposalBook()
    for round_ in range(30):
        value = make_value(f"v{round_}")
        book.add(make_proposal(value, round_=round_))
        book.mark_valid(value)
    book.accuse_once(Round(0))
    book.prune(Round(29), {Round(3)})
    assert book.rounds() == [3, *range(29 - PAST_ROUNDS_MAX, 30)]
    assert book.verdict(make_value("v0")) is None
    assert book.is_valid(make_value("v3"))
    assert not book.is_accused(Round(0))


def test_each_round_has_one_accusation() -> None:
    book = ProposalBook()
    assert book.accuse_once(Round(0))
    assert book.is_accused(Round(0))
    assert not book.accuse_once(Round(0))
