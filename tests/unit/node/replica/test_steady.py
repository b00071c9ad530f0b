"""A time for waits that no set clock can stretch."""

from chain.scalars import UnixMillis
from node.replica.steady import SteadyTime

HOUR_MS = 3_600_000
NOON_MS = 1_700_000_000_000


def test_it_goes_forward_with_the_wall_clock() -> None:
    time = SteadyTime()
    first = time.follow(UnixMillis(NOON_MS))
    assert time.follow(UnixMillis(NOON_MS + 2_000)) - first == 2_000


def test_a_clock_that_is_set_back_stretches_no_wait() -> None:
    time = SteadyTime()
    first = time.follow(UnixMillis(NOON_MS))
    assert time.follow(UnixMillis(NOON_MS - HOUR_MS)) == first
    assert time.follow(UnixMillis(NOON_MS - HOUR_MS + 2_000)) - first == 2_000
