"""The player keeps the data's own rhythm, only faster."""

import pytest

from chain.scalars import TwinId, UnixMillis
from node.ingest.csv_source import Record
from node.ingest.player import Due, schedule


def record(twin: str, time_ms: int) -> Record:
    return Record(1, TwinId(twin), UnixMillis(time_ms), ())


def test_records_of_one_time_go_out_together_by_gateway() -> None:
    a1, b1, a2, b3 = (
        record("a", 1_000_000),
        record("b", 1_000_000),
        record("a", 1_000_000),
        record("b", 1_600_000),
    )
    assert list(schedule([a1, b1, a2, b3], speed=600)) == [
        Due(0.0, UnixMillis(1_000_000), (("a", (a1, a2)), ("b", (b1,)))),
        Due(1.0, UnixMillis(1_600_000), (("b", (b3,)),)),
    ]


def test_delays_count_from_the_start() -> None:
    records = [record("a", 600_000 * n) for n in range(5)]
    assert [due.delay_s for due in schedule(records, speed=1)] == [0, 600, 1200, 1800, 2400]


def test_nothing_to_play_is_no_play() -> None:
    assert list(schedule([], speed=1)) == []


def test_it_reads_no_further_ahead_than_one_moment() -> None:
    def endless() -> object:
        yield from (record("a", n) for n in range(3))
        raise AssertionError("read too far")

    play = schedule(endless(), speed=1)  # type: ignore[arg-type]
    assert next(play).time_ms == 0
    assert next(play).time_ms == 1


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_must_be_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be above 0"):
        list(schedule([], speed))


def test_records_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not in time order"):
        list(schedule([record("a", 2), record("a", 1)], speed=1))
