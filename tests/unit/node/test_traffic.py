"""Rates for people."""

from chain.scalars import UnixMillis
from node.traffic import WINDOW_MS, UpdateRate


def at(ms: int) -> UnixMillis:
    return UnixMillis(1_000_000 + ms)


def test_nothing_committed_is_no_rate() -> None:
    assert UpdateRate().per_second(at(0)) == 0


def test_the_rate_is_the_mean_over_the_window() -> None:
    rate = UpdateRate()
    rate.add(at(0), 600)
    rate.add(at(5_000), 400)
    assert rate.per_second(at(9_999)) == 1000 / (WINDOW_MS / 1000)


def test_what_is_older_than_the_window_does_not_count() -> None:
    rate = UpdateRate()
    rate.add(at(0), 600)
    rate.add(at(5_000), 400)
    assert rate.per_second(at(WINDOW_MS)) == 40
    assert rate.per_second(at(WINDOW_MS + 5_000)) == 0
    rate.add(at(WINDOW_MS + 5_000), 10)
    assert rate.per_second(at(WINDOW_MS + 5_000)) == 1


def test_memory_does_not_grow_with_time() -> None:
    rate = UpdateRate()
    for second in range(1_000):
        rate.add(at(1_000 * second), 1)
    assert len(rate._counts) == WINDOW_MS // 1_000
    assert rate.per_second(at(999_000)) == 1
