"""Whom to dial when, who is over budget, and which of two connections stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import PeerFault
from node.p2p.peers import (
    COOL_OFF_MS,
    POINTS_HALF_LIFE_MS,
    AddressBook,
    Backoff,
    Budget,
    BudgetLimits,
    Link,
    TokenBucket,
    compute_delay_ms,
    is_newer_kept,
)

BACKOFF = Backoff(first_ms=100, last_ms=5_000, stable_ms=1_000)
LOST = PeerFault("VT-5014", peer="b", reason="it closed the connection")
MALFORMED = PeerFault("VT-5007", peer="b", reason="the payload is empty")


def test_the_pause_doubles_up_to_the_last() -> None:
    longest = [compute_delay_ms(BACKOFF, failures, 0.999_999) for failures in range(1, 9)]
    assert longest == [99, 199, 399, 799, 1599, 3199, 4999, 4999]
    assert [compute_delay_ms(BACKOFF, failures, 0.0) for failures in (1, 2, 9)] == [50, 100, 2500]
    assert compute_delay_ms(BACKOFF, 1_000_000, 0.0) == 2500


def test_a_bucket_lets_the_burst_pass_and_then_the_rate() -> None:
    bucket = TokenBucket(per_second=10, burst=5, now_ms=1_000)
    assert [bucket.charge(1_000, 1) for _ in range(6)] == [0, 0, 0, 0, 0, 100]
    assert bucket.charge(1_100, 0) == 0
    assert bucket.charge(1_100, 1) == 100
    assert bucket.charge(9_000, 5) == 0
    assert bucket.charge(9_000, 1) == 100


@given(
    st.integers(min_value=1, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10**8))),
)
def test_whoever_waits_as_told_never_gets_more_than_burst_and_rate(
    per_second: int, burst: int, charges: list[tuple[int, int]]
) -> None:
    bucket = TokenBucket(per_second, burst, 0)
    now_ms = 0
    total = 0
    for pause_ms, units in charges:
        now_ms += pause_ms
        total += units
        now_ms += bucket.charge(now_ms, units)
        assert total <= burst + now_ms * per_second / 1000


def test_a_short_excess_waits_and_a_long_one_is_a_flood() -> None:
    limits = BudgetLimits(frames_per_second=10, frames_burst=10, patience_ms=500)
    budget = Budget("b", limits, 0)
    assert budget.charge(0, 100, 10) == 0
    assert budget.charge(0, 100, 1) == 100
    assert budget.charge(100, 100, 2) == 200
    with pytest.raises(PeerFault) as caught:
        budget.charge(300, 100, 3)
    assert str(caught.value) == (
        "VT-5010: b was above its budget of bytes or messages for 500 ms without a pause."
    )


def test_bytes_count_as_well_as_frames() -> None:
    limits = BudgetLimits(bytes_per_second=1_000, bytes_burst=1_000, patience_ms=10_000)
    budget = Budget("b", limits, 0)
    assert budget.charge(0, 1_000, 1) == 0
    assert budget.charge(0, 500, 1) == 500


def test_a_pause_ends_the_excess() -> None:
    limits = BudgetLimits(frames_per_second=10, frames_burst=1, patience_ms=500)
    budget = Budget("b", limits, 0)
    for start_ms in range(0, 10_000, 1_000):
        assert budget.charge(start_ms, 1, 1) == 0
        assert budget.charge(start_ms, 1, 2) > 0


def test_every_configured_peer_is_dialled_once_at_a_time() -> None:
    book = AddressBook(("b", "c"), BACKOFF)
    assert book.compute_due(0) == ["b", "c"]
    book.begin_dial("b")
    assert book.compute_due(0) == ["c"]
    book.connect("c", 0)
    assert (book.compute_due(0), book.compute_next_ms()) == ([], None)


def test_a_failed_dial_waits_longer_each_time() -> None:
    book = AddressBook(("b",), BACKOFF)
    next_ms = []
    for _ in range(3):
        book.begin_dial("b")
        book.fail_dial("b", 0, 0.0, LOST)
        book.end_dial("b")
        next_ms.append(book.compute_next_ms())
    assert next_ms == [50, 100, 200]
    assert (book.compute_due(199), book.compute_due(200)) == ([], ["b"])
    assert book.records["b"].last_error == str(LOST)


def test_a_dial_that_fails_while_the_peer_came_in_changes_nothing() -> None:
    book = AddressBook(("b",), BACKOFF)
    book.begin_dial("b")
    book.connect("b", 0)
    book.fail_dial("b", 0, 0.0, PeerFault("VT-5015", peer="b"))
    assert (book.records["b"].failures, book.records["b"].last_error) == (0, None)


@pytest.mark.parametrize(("lasted_ms", "pause_ms"), [(999, 400), (1_000, 50)])
def test_only_a_stable_connection_clears_failures(lasted_ms: int, pause_ms: int) -> None:
    book = AddressBook(("b",), BACKOFF)
    for _ in range(3):
        book.fail_dial("b", 0, 0.0, LOST)
    book.connect("b", 1_000)
    book.disconnect("b", 1_000 + lasted_ms, 0.0, LOST)
    assert book.compute_next_ms() == 1_000 + lasted_ms + pause_ms


def test_a_peer_that_came_in_unconfigured_is_not_dialled() -> None:
    book = AddressBook((), BACKOFF)
    book.connect("d", 0)
    book.disconnect("d", 10, 0.0, LOST)
    assert (list(book.records), book.compute_next_ms()) == (["d"], None)


def _misbehave(book: AddressBook, times_ms: list[int], fault: PeerFault) -> None:
    for time_ms in times_ms:
        book.connect("b", time_ms)
        book.disconnect("b", time_ms, 0.0, fault)


def test_whom_to_dial_can_change() -> None:
    book = AddressBook(["b"], BACKOFF)
    book.begin_dial("b")
    book.end_dial("b")
    book.fail_dial("b", 0, 0.0, LOST)
    book.configure(["c"])
    assert book.compute_due(10_000) == ["c"]
    book.configure(["b", "c"])
    assert book.compute_due(10_000) == ["b", "c"]
    assert book.records["b"].failures == 1, "what was known stays known"


def test_three_faults_in_a_row_must_cool_off() -> None:
    book = AddressBook(("b",), BACKOFF)
    _misbehave(book, [0, 10], MALFORMED)
    book.check_welcome("b", 10)
    _misbehave(book, [20], MALFORMED)
    with pytest.raises(PeerFault) as caught:
        book.check_welcome("b", 1_020)
    assert str(caught.value) == (
        "VT-5013: b may not connect for another 59000 ms after repeated faults."
    )
    assert book.compute_next_ms() == 20 + COOL_OFF_MS
    book.check_welcome("b", 20 + COOL_OFF_MS)


def test_faults_are_forgotten_with_time() -> None:
    book = AddressBook(("b",), BACKOFF)
    _misbehave(book, [one * POINTS_HALF_LIFE_MS for one in range(20)], MALFORMED)
    book.check_welcome("b", 20 * POINTS_HALF_LIFE_MS)


def test_faults_fade_even_when_connections_are_lost_often() -> None:
    book = AddressBook(("b",), BACKOFF)
    _misbehave(book, [0, 0], MALFORMED)
    _misbehave(book, list(range(0, 4 * POINTS_HALF_LIFE_MS, 1_000)), LOST)
    assert book.records["b"].points == 80 >> 3
    _misbehave(book, [4 * POINTS_HALF_LIFE_MS] * 2, MALFORMED)
    book.check_welcome("b", 4 * POINTS_HALF_LIFE_MS)


def test_lost_connections_cost_nothing() -> None:
    book = AddressBook(("b",), BACKOFF)
    _misbehave(book, [0] * 100, LOST)
    book.check_welcome("b", 0)


def test_of_two_simultaneous_dials_both_ends_keep_the_one_of_the_smaller_name() -> None:
    by_a = Link("a", 1_000)
    by_b = Link("b", 1_040)
    assert not is_newer_kept(by_a, by_b, 5_000)
    by_a_later = Link("a", 1_060)
    assert is_newer_kept(by_b, by_a_later, 5_000)


def test_a_second_dial_of_the_same_node_replaces_the_dead_first() -> None:
    assert is_newer_kept(Link("a", 1_000), Link("a", 1_001), 5_000)
    assert is_newer_kept(Link("b", 1_000), Link("b", 1_001), 5_000)


def test_a_dial_long_after_the_first_means_that_the_first_is_dead() -> None:
    assert not is_newer_kept(Link("a", 1_000), Link("b", 6_000), 5_000)
    assert is_newer_kept(Link("a", 1_000), Link("b", 6_001), 5_000)
