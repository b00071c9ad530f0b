"""Times for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.scalars import UnixMillis
from chain.wording import format_time
from node import clock


@given(st.integers(min_value=0, max_value=253_370_764_799_999))
def test_written_time_reads_back_exactly(time_ms: int) -> None:
    assert clock.parse_time(format_time(UnixMillis(time_ms))) == time_ms


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("0", 0),
        ("1517443200123", 1_517_443_200_123),
        ("2018-02-01T00:00:00Z", 1_517_443_200_000),
        ("2018-02-01T01:00:00.5+01:00", 1_517_443_200_500),
    ],
)
def test_reads_both_forms(text: str, time_ms: int) -> None:
    assert clock.parse_time(text) == time_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "-1",
        "1e3",
        "2018-02-01",
        "2018-02-01T00:00:00",
        "2018-02-30T00:00:00Z",
        "9" * 17,
        "\u0661",
    ],
)
def test_refuses_what_is_neither(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        clock.parse_time(text)
    assert caught.value.code == "VT-7002"
