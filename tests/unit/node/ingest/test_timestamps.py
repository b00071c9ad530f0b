"""Times of Paris clocks, UTC clocks, counters and epochs."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from node.ingest.mapping import TimeSource
from node.ingest.timestamps import TimeReader

PARIS = TimeSource(column="t", zone="Europe/Paris")


def utc(reader: TimeReader, text: str, twin: str = "a") -> str:
    time_ms = reader.read(text, twin)
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        (PARIS, "2015-02-07T12:00:00", "2015-02-07 11:00:00"),
        (PARIS, "2015-07-07 12:00", "2015-07-07 10:00:00"),
        (PARIS, "2015-02-07T12:00:00+00:00", "2015-02-07 12:00:00"),
        (PARIS, "2015-02-07T12:00:00Z", "2015-02-07 12:00:00"),
        (TimeSource(column="t"), " 2015-02-07 12:00 ", "2015-02-07 12:00:00"),
        (TimeSource(column="t", format="%d/%m/%Y %Hh"), "07/02/2015 12h", "2015-02-07 12:00:00"),
        (TimeSource(column="t", format="%d.%m.%y %H %z"), "7.2.15 12 +0100", "2015-02-07 11:00:00"),
        (TimeSource(column="t", format="epoch_s"), "1423310400", "2015-02-07 12:00:00"),
        (TimeSource(column="t", format="epoch_s"), "1423310400.999", "2015-02-07 12:00:00"),
        (TimeSource(column="t", format="epoch_ms"), "1423310400000", "2015-02-07 12:00:00"),
        (
            TimeSource(column="t", format="step", start="2008-01-01T00:00:00Z", step_seconds=600),
            "3",
            "2008-01-01 00:30:00",
        ),
        (
            TimeSource(
                column="t", format="step", start="2008-01-01", step_seconds=60, zone="Europe/Paris"
            ),
            "0",
            "2007-12-31 23:00:00",
        ),
    ],
)  # fmt: skip
def test_each_form_is_read_as_utc(source: TimeSource, text: str, expected: str) -> None:
    assert utc(TimeReader(source), text) == expected


def test_milliseconds_stay_exact() -> None:
    assert (
        TimeReader(TimeSource(column="t")).read("2015-02-07T12:00:00.123999Z", "a") == 1423310400123
    )
    assert TimeReader(TimeSource(column="t", format="epoch_s")).read("1423310400.123", "a") == (
        1423310400123
    )


def test_the_repeated_hour_goes_by_the_order_of_rows_of_each_twin() -> None:
    reader = TimeReader(PARIS)
    day = "2014-10-26 "
    for twin in ("a", "b"):  # The second twin starts afresh.
        times = [
            utc(reader, day + t, twin)
            for t in ("01:50", "02:00", "02:50", "02:00", "02:50", "03:00")
        ]
        assert [t[11:16] for t in times] == ["23:50", "00:00", "00:50", "01:00", "01:50", "02:00"]


def test_an_hour_that_is_written_once_is_the_first() -> None:
    reader = TimeReader(PARIS)
    assert utc(reader, "2014-10-26 02:30") == "2014-10-26 00:30:00"
    assert utc(reader, "2014-10-26 03:00") == "2014-10-26 02:00:00"


def test_the_skipped_hour_is_refused() -> None:
    reader = TimeReader(PARIS)
    with pytest.raises(InvalidInput) as caught:
        reader.read("2014-03-30 02:30:00", "a")
    assert str(caught.value) == (
        "VT-9012: 2014-03-30 02:30:00 was skipped in Europe/Paris, as clocks went forward."
    )
    assert utc(reader, "2014-03-30 03:00") == "2014-03-30 01:00:00"


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT-1"])
def test_a_clock_without_daylight_saving_has_neither_hour(zone: str) -> None:
    reader = TimeReader(TimeSource(column="t", zone=zone))
    days = [reader.read(f"2014-{day} 02:30", "a") for day in ("03-30", "10-26")]
    assert days[1] - days[0] == 210 * 86_400_000


@pytest.mark.parametrize("text", ["", "yesterday", "2015-13-01", "2015-02-30 00:00", "0001-01-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="VT-9011"):
        TimeReader(PARIS).read(text, "a")


def test_an_endless_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match="VT-9011"):
        TimeReader(TimeSource(column="t", format="epoch_ms")).read("9" * 30, "a")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (TimeSource(column="t", zone="Europe/Pariss"), "unknown time zone 'Europe/Pariss'"),
        (TimeSource(column="t", zone="../etc/passwd"), "unknown time zone '../etc/passwd'"),
        (
            TimeSource(column="t", format="step", start="monday", step_seconds=1),
            "start 'monday' is not an ISO time",
        ),
    ],
)
def test_a_clock_that_is_not_known_is_refused(source: TimeSource, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        TimeReader(source)


@given(
    st.lists(
        st.integers(min_value=1388534400, max_value=1451606400),
        min_size=1,
        max_size=30,
        unique=True,
    )
)
def test_rows_of_a_paris_logger_in_order_come_back_exactly(seconds: list[int]) -> None:
    reader = TimeReader(PARIS)
    paris = ZoneInfo("Europe/Paris")
    # A twin with a row in the first of the repeated hours makes the second recognisable.
    for second in sorted(seconds):
        moment = datetime.fromtimestamp(second, UTC).astimezone(paris)
        text = moment.strftime("%Y-%m-%d %H:%M:%S")
        read = reader.read(text, "a")
        if moment.fold == 0:
            assert read == second * 1000
        else:
            assert read in (second * 1000, (second - 3600) * 1000)
