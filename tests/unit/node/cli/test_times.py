import pytest

from chain.scalars import UnixMillis
from node.cli import times
from node.cli.times import format_age


def test_ages_are_times_in_a_pipe() -> None:
    assert format_age(0) == "at 1970-01-01T00:00:00.000Z"
    assert format_age(None) == "never"


@pytest.mark.parametrize(
    ("ago_ms", "text"),
    [
        (1_500, "1.5 s ago"),
        (180_000, "3 min ago"),
        (7_200_000, "2 h ago"),
        (172_800_000, "2 d ago"),
    ],
)
def test_ages_are_relative_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, ago_ms: int, text: str
) -> None:
    now = UnixMillis(1_700_000_000_000)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(times, "now_ms", lambda: now)
    assert format_age(now - ago_ms) == text
