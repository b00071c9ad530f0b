from msgspec.structs import replace

from consensus.verdicts import Verdict, VerdictBook, to_verdict
from tests.unit.consensus.world import make_value

V, W = make_value("v"), make_value("w")
FALSE_V = replace(V, payload=b"something else")


def test_a_value_is_checked_once() -> None:
    book = VerdictBook()
    assert book.start_check(V)
    assert not book.start_check(V)
    book.finish_check(V, Verdict.VALID)
    assert not book.start_check(V)
    assert book.is_valid(V)


def test_an_answer_that_nobody_asked_for_is_ignored() -> None:
    book = VerdictBook()
    book.finish_check(V, Verdict.VALID)
    assert book.verdict(V) is None


def test_two_payloads_of_one_name_are_judged_apart_and_side_by_side() -> None:
    book = VerdictBook()
    assert book.start_check(FALSE_V)
    assert book.start_check(V)
    book.finish_check(V, Verdict.VALID)
    assert book.verdict(FALSE_V) is None
    book.finish_check(FALSE_V, Verdict.MISMATCHED)
    assert book.verdict(FALSE_V) is Verdict.MISMATCHED
    assert (book.is_valid(V), book.is_valid(FALSE_V)) == (True, False)


def test_what_is_no_longer_used_is_forgotten() -> None:
    book = VerdictBook()
    book.mark_valid(V)
    book.mark_valid(W)
    book.start_check(FALSE_V)
    book.keep_only([W])
    assert (book.verdict(V), book.is_valid(W)) == (None, True)
    assert book.start_check(FALSE_V)


def test_an_answer_becomes_a_verdict() -> None:
    assert to_verdict(is_valid=True, is_mismatched=False) is Verdict.VALID
    assert to_verdict(is_valid=False, is_mismatched=False) is Verdict.INVALID
    assert to_verdict(is_valid=False, is_mismatched=True) is Verdict.MISMATCHED
