"""Runs every story in this folder and compares its trace."""

from pathlib import Path

import pytest

from tests.scenarios.runner import run_scenario

FOLDER = Path(__file__).parent
SCENARIOS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_trace_is_as_written(path: Path, request: pytest.FixtureRequest) -> None:
    written = path.read_text(encoding="utf-8")
    traced = run_scenario(written)
    if request.config.getoption("--rewrite", default=False):
        path.write_text(traced, encoding="utf-8")
        return
    assert traced.splitlines() == written.splitlines()


def test_there_are_stories() -> None:
    assert len(SCENARIOS) >= 8


def test_a_changed_line_is_noticed() -> None:
    written = SCENARIOS[0].read_text(encoding="utf-8")
    changed = written.replace("says prevote", "says nothing", 1)
    assert changed != written
    assert run_scenario(changed) == written


def test_an_unknown_command_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown command: jump"):
        run_scenario("> jump\n")
