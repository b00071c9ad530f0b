"""Pictures: what is drawn, and what is said when they cannot be."""

import sys
from pathlib import Path

import pytest

from chain.errors import InvalidInput
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


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'veritwin[plot]' for pictures")
    with pytest.raises(InvalidInput) as caught:
        plot([CURVE], tmp_path / "missing" / "load.svg")
    assert caught.value.code == "VT-8012"
