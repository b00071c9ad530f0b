"""The judge of event streams: a true one passes, and each way to be false is told."""

from dataclasses import replace

import pytest

from tests.histories.watch import EventId, Look, Seen, check_watch

CHAIN = {
    EventId(1, 0): "block 1",
    EventId(2, 0): "block 2",
    EventId(2, 1): "transaction a",
    EventId(2, 2): "transaction b",
    EventId(3, 0): "block 3",
}
SEEN = [Seen(id_, 10 * number, content) for number, (id_, content) in enumerate(CHAIN.items(), 1)]
LOOKS = [Look(1, 2, 0), Look(11, 12, 1), Look(45, 46, 3), Look(60, 61, 3)]


def test_a_true_stream_passes() -> None:
    assert check_watch(SEEN, LOOKS, CHAIN) == []


def test_a_reader_may_be_ahead_of_the_watcher() -> None:
    assert check_watch(SEEN, [Look(1, 2, 3)], CHAIN) == []


FALSE = {
    "a lost event": (SEEN[:3] + SEEN[4:], "event 2.2 was never told"),
    "a lost end": (SEEN[:4], "event 3.0 was never told"),
    "a lost beginning": (SEEN[1:], "event 1.0 was never told"),
    "a duplicate": ([*SEEN[:3], SEEN[2], *SEEN[3:]], "event 2.1 was told twice"),
    "told again after a break": ([*SEEN, SEEN[0]], "event 1.0 was told twice"),
    "out of order": (
        [SEEN[0], SEEN[1], SEEN[3], SEEN[2], SEEN[4]],
        "event 2.1 was told after 2.2",
    ),
    "from nowhere": ([*SEEN, Seen(EventId(4, 0), 60, "block 4")], "event 4.0 is not in the chain"),
    "another content": (
        [*SEEN[:4], replace(SEEN[4], content="block x")],
        "event 3.0 was told as block x, the chain has block 3",
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_stream_is_refused(name: str) -> None:
    seen, fault = FALSE[name]
    assert check_watch(seen, [], CHAIN) == [fault]


def test_an_event_must_not_be_ahead_of_reads() -> None:
    looks = [Look(51, 52, 2)]
    assert check_watch(SEEN, looks, CHAIN) == [
        "height 2 was read at 51, after event 3.0 had been told"
    ]


def test_a_read_begun_before_the_event_came_may_miss_it() -> None:
    assert check_watch(SEEN, [Look(49, 99, 2)], CHAIN) == []


def test_reads_must_not_go_back() -> None:
    assert check_watch([], [Look(1, 2, 7), Look(3, 4, 6)], {}) == [
        "height 6 was read at 3, after height 7 had been read"
    ]


def test_reads_side_by_side_may_differ() -> None:
    assert check_watch([], [Look(1, 5, 7), Look(3, 4, 6)], {}) == []


def test_places_are_read_and_compared_as_numbers() -> None:
    assert EventId.parse("10.2") > EventId.parse("9.11")
    assert str(EventId.parse("12.3")) == "12.3"
