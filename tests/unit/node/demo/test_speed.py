"""The speed that nobody asked for."""

import pytest

from node.demo.speed import choose_speed
from tests.unit.node.demo.fakes import make_feed, make_record


def test_a_record_of_each_twin_goes_out_every_quarter_of_a_second() -> None:
    feed = make_feed([make_record(minute, twin) for minute in (0, 10, 20) for twin in ("a", "b")])
    assert choose_speed(feed) == pytest.approx(600 / 0.25)


def test_a_gap_in_the_data_does_not_count() -> None:
    feed = make_feed([make_record(minute) for minute in (0, 1, 2, 3, 9_999)])
    assert choose_speed(feed) == pytest.approx(60 / 0.25)


@pytest.mark.parametrize("minutes", [(), (5,), (5, 5)])
def test_one_moment_has_no_speed(minutes: tuple[int, ...]) -> None:
    assert choose_speed(make_feed([make_record(minute) for minute in minutes])) == 1.0
