"""Series: every reading once, in order of its own time, thinned without losing an extreme."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.scalars import Hash, TwinId, UnixMillis
from node.reader import Reader, series
from node.reader.downsample import POINTS_MIN, Point, thin_out
from tests.unit.node.chain_builder import START_MS, TURBINE, ChainBuilder, build_demo

NO_HASH = Hash(bytes(32))


def _minutes(
    reader: Reader,
    name: str = "active_power",
    twin: str = TURBINE,
    first: int | None = None,
    last: int | None = None,
) -> list[tuple[int, str]]:
    found = reader.series.get(
        TwinId(twin),
        name,
        None if first is None else UnixMillis(START_MS + first * 60_000),
        None if last is None else UnixMillis(START_MS + last * 60_000),
        500,
    )
    return [((p.time_ms - START_MS) // 60_000, p.value) for p in found.points]


def test_points_are_in_order_of_their_own_time(reader: Reader) -> None:
    assert _minutes(reader) == [
        (0, "100"),
        (5, "99"),
        (10, "2000.5"),
        (20, "1500"),
        (30, "0.5"),
        (40, ""),
        (50, "300"),
    ]


def test_both_ends_of_the_span_are_included(reader: Reader) -> None:
    assert _minutes(reader, first=10, last=30) == [(10, "2000.5"), (20, "1500"), (30, "0.5")]
    assert _minutes(reader, first=60) == []


def test_refused_readings_and_other_properties_are_left_out(reader: Reader) -> None:
    assert _minutes(reader, "wind_speed") == []
    assert _minutes(reader, twin="R9") == []


def test_new_blocks_are_added_to_what_is_known() -> None:
    builder = build_demo()
    reader = Reader(builder.store, builder.genesis)
    before = _minutes(reader)
    builder.add_block(builder.power("7", first_ms=START_MS + 3_600_000))
    assert _minutes(reader) == [*before, (60, "7")]
    assert _minutes(reader) == [*before, (60, "7")]


def test_reading_that_was_sent_twice_is_one_point() -> None:
    builder = ChainBuilder()
    builder.add_block(builder.register_turbine())
    builder.add_block(builder.power("5"), builder.power("5"))
    assert _minutes(Reader(builder.store, builder.genesis)) == [(0, "5")]


def test_each_question_reads_a_bounded_number_of_transactions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(series, "ROWS_READ_MAX", 2)
    builder = ChainBuilder()
    builder.add_block(builder.register_turbine())
    for number in range(5):
        builder.add_block(builder.power(str(number), first_ms=START_MS + number * 60_000))
    reader = Reader(builder.store, builder.genesis)
    seen = []
    for _ in range(4):
        found = reader.series.get(TURBINE, "active_power", None, None, 100)
        seen.append(([p.value for p in found.points], found.is_complete))
    assert seen == [
        (["3", "4"], False),
        (["1", "2", "3", "4"], False),
        (["0", "1", "2", "3", "4"], True),
        (["0", "1", "2", "3", "4"], True),
    ]
    for number in range(5, 9):
        builder.add_block(builder.power(str(number), first_ms=START_MS + number * 60_000))
    far = reader.series.get(TURBINE, "active_power", None, None, 100)
    assert [p.value for p in far.points] == ["7", "8"], "too far behind: newest first again"


def test_memory_is_bounded_over_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "POINTS_KEPT_MAX", 3)
    builder = build_demo()
    builder.add_block(builder.power("1", "2", twin="R80721"))
    reader = Reader(builder.store, builder.genesis)
    whole = _minutes(reader)
    assert len(_minutes(reader, twin="R80721")) == 2
    assert list(reader.series._twins) == ["R80721"]
    assert _minutes(reader) == whole


VALUES = st.one_of(st.just(""), st.integers(-1000, 1000).map(str))


@given(
    st.lists(st.tuples(st.integers(0, 5000), VALUES), min_size=1, max_size=300),
    st.integers(POINTS_MIN, 60),
)
def test_thinning_keeps_extremes_ends_order_and_size(
    raw: list[tuple[int, str]], count_max: int
) -> None:
    points = sorted(Point(UnixMillis(time), value, NO_HASH) for time, value in raw)
    kept = thin_out(points, count_max)
    assert len(kept) <= count_max
    assert list(kept) == sorted(kept, key=lambda point: point.time_ms)
    assert set(kept) <= set(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    numbers = [float(point.value) for point in points if point.value]
    if numbers:
        shown = [float(point.value) for point in kept if point.value]
        assert (min(shown), max(shown)) == (min(numbers), max(numbers))


def test_gap_in_the_middle_survives_thinning() -> None:
    points = [Point(UnixMillis(n), "" if n == 500 else str(n % 7), NO_HASH) for n in range(1000)]
    assert [point.time_ms for point in thin_out(points, 50) if not point.value] == [500]
