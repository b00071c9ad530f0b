from msgspec.structs import replace

from consensus.raft.offers import OFFERS_MAX, OfferBook
from consensus.verdicts import Verdict
from tests.unit.consensus.world import make_value

V = make_value("v")
FALSE_V = replace(V, payload=b"something else")


def test_a_valid_value_is_preferred_and_a_mismatched_one_never_given() -> None:
    book = OfferBook()
    book.add(FALSE_V)
    assert book.find(V.id) == FALSE_V
    book.start_check(FALSE_V)
    book.finish_check(FALSE_V, Verdict.MISMATCHED)
    assert book.find(V.id) is None
    book.add(V)
    book.mark_valid(V)
    assert book.find(V.id) == V


def test_the_newest_offers_are_kept() -> None:
    book = OfferBook()
    values = [make_value(f"v{number}") for number in range(OFFERS_MAX + 1)]
    for value in values:
        book.add(value)
        book.mark_valid(value)
    book.add(values[-1])
    assert [book.find(value.id) for value in values] == [None, *values[1:]]
    assert book.verdict(values[0]) is None
