"""Pictures: what is drawn, and what is said when they cannot be."""

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from node.bench import plots
from node.bench.measuring import Curve
from node.bench.plots import plot
from tests.unit.node.bench.test_result import LINE

CURVE = Curve(LINE, [(0.5, 100), (1.5, 200)], [(0.4, 12.0), (1.2, 15.0)])


def test_without_matplotlib_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InvalidInput) as caught:
        plot([CURVE], tmp_path / "load.svg")
    assert caught.value.code == "VT-8020"
    assert not list(tmp_path.iterdir())


def test_a_picture_holds_all_measurements(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'veritwin[plot]' for pictures")
    path = tmp_path / "load.svg"
    plot([CURVE, CURVE], path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert len(text) > 5_000


def test_a_long_run_is_drawn_in_stretches(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'veritwin[plot]' for pictures")
    long = Curve(
        LINE,
        [(number / 10, 150) for number in range(36_000)],
        [(number / 10, 100.0 + number % 50) for number in range(36_000)],
    )
    path = tmp_path / "hour.svg"
    plot([long], path)
    assert path.stat().st_size < 100_000


def test_stretches_show_rates_and_ranks() -> None:
    assert plots._rates([(0.5, 100), (0.9, 50), (1.5, 200), (2.1, 7)]) == ([0, 1], [150, 200])
    seconds, rates = plots._rates([(number / 2, 100) for number in range(1_200)])
    assert (seconds[:2], set(rates)) == ([0, 5], {200.0}), "600 seconds in steps of five"
    points = plots._latencies([(0.1, 5.0), (0.2, 9.0), (1.5, 7.0)])
    assert points == {
        "p50": [(0, 5.0), (1, 7.0)],
        "p95": [(0, 9.0), (1, 7.0)],
        "p99": points["p95"],
    }
    assert plots._rates([]) == ([0], [0.0])
    assert plots._latencies([]) == {"p50": [], "p95": [], "p99": []}


def test_loads_are_in_order() -> None:
    slow, fast = (
        Curve(replace(LINE, committed_tx_per_s=rate, offered_per_s=rate), [], [])
        for rate in (500.0, 1_000.0)
    )
    assert plots._by_load([fast, slow]) == {"single, 4 nodes": [slow, fast]}
    assert plots._name_curve(fast) == "single, 4 nodes, 1,000 offered"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'veritwin[plot]' for pictures")
    with pytest.raises(InvalidInput) as caught:
        plot([CURVE], tmp_path / "missing" / "load.svg")
    assert caught.value.code == "VT-8012"
