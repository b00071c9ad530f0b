"""Spans, sizes and lists in words."""

import pytest

from node.diagnosis.wording import format_size, format_span, join_words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (7_199_999, "1 h"),
        (90 * 86_400_000, "90 d"),
    ],
)
def test_a_span_is_written_in_its_greatest_unit(milliseconds: float, words: str) -> None:
    assert format_span(milliseconds) == words


def test_sizes_are_written_in_their_greatest_unit() -> None:
    assert [format_size(size) for size in (12, 2_048, 5 << 20, 3 << 30)] == [
        "12 bytes",
        "2 KiB",
        "5 MiB",
        "3 GiB",
    ]


def test_lists_are_written_as_they_are_spoken() -> None:
    assert join_words([]) == ""
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b"]) == "a and b"
    assert join_words(["a", "b", "c"], "or") == "a, b or c"
