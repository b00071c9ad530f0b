"""What comes before the nodes and after them."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from chain.errors import InvalidInput
from node.demo import play as module
from node.demo.options import DemoOptions
from node.demo.play import WIND_START_MS, find_cause, play

MAPPING = """
id: {constant: press-7}
model: press
time: {column: time, format: iso, zone: Europe/Paris}
properties: {heat: {property: temperature, unit: CEL}}
"""
ROWS = "time,heat\n2015-07-01 12:00,20\n2015-07-01 12:10,x\n2015-07-01 12:20,21\n"


class FakeRun:
    """Stands for `RunningDemo`; notes what it was given."""

    made: "list[FakeRun]" = []  # noqa: RUF012 - emptied by the fixture
    failure: BaseException | None = None

    def __init__(self, options: Any, cast: Any, feed: Any, *_: Any) -> None:
        self.options, self.cast, self.feed = options, cast, feed
        self.made.append(self)

    async def run(self) -> int:
        assert (self.cast.folder / "genesis.json").is_file()
        if self.failure is not None:
            raise self.failure
        return 0

    def describe_end(self) -> list[str]:
        return ["The end."]


@pytest.fixture(autouse=True)
def _no_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeRun.made = []
    FakeRun.failure = None
    monkeypatch.setattr(module, "RunningDemo", FakeRun)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def options(**more: Any) -> DemoOptions:
    given: dict[str, Any] = {
        "nodes": 1, "data": "none", "speed": None, "home": None, "port": 0, "ready_file": None,
        "seconds": 0.0, "opens_browser": False, "as_json": True,
    }  # fmt: skip
    return DemoOptions(**{**given, **more})


def test_the_temporary_folder_is_gone_at_the_end() -> None:
    assert play(options()) == 0
    assert not FakeRun.made[0].cast.folder.exists()


def test_a_named_folder_stays_with_all_keys(tmp_path: Path) -> None:
    play(options(home=tmp_path / "home"))
    assert (tmp_path / "home" / "genesis.json").is_file()
    assert list((tmp_path / "home").glob("*/keys/administrator.json"))


def test_the_wind_farm_begins_some_hours_before_its_stoppage() -> None:
    play(options(data="wind"))
    feed = FakeRun.made[0].feed
    assert feed.records[0].time_ms == WIND_START_MS
    assert {record.twin for record in feed.records} == {"R80711", "R80721", "R80736", "R80790"}


def test_bad_rows_are_told_and_stop_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "press.csv"
    data.write_text(ROWS)
    (tmp_path / "press.csv.map.yaml").write_text(MAPPING)
    assert play(options(data=f"csv:{data}")) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert told["event"] == "bad_rows"
    assert told["bad_rows"] == {"VT-9013": 1}
    assert (told["first"]["line"], told["first"]["code"]) == (3, "VT-9013")
    times = [record.time_ms for record in FakeRun.made[0].feed.records]
    assert times == [1_435_744_800_000, 1_435_746_000_000]  # 10:00 and 10:20 UTC


def test_lines_end_with_what_became_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    play(options(as_json=False))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "The end."
    assert "Making keys, certificates and the genesis block .." in lines[1]


def test_a_ready_file_of_an_earlier_demo_is_removed_first(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text("old")
    play(options(ready_file=ready))
    assert not ready.exists()


def test_a_ready_file_that_could_not_be_written_is_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidInput, match=r"VT-8012: .*ready\.json: there is no folder .*x\."):
        play(options(ready_file=tmp_path / "x" / "ready.json"))
    assert FakeRun.made == []


def test_a_failure_of_the_run_comes_out_of_its_group() -> None:
    cause = InvalidInput("VT-8013", node="a", reason="ended")
    FakeRun.failure = ExceptionGroup("x", [ExceptionGroup("y", [cause])])
    with pytest.raises(InvalidInput) as caught:
        play(options())
    assert caught.value is cause


def test_output_that_cannot_be_written_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(InvalidInput, match=r"VT-8012: standard output: no space left"):
            play(options(as_json=False))


def test_only_what_can_be_explained_is_taken_out_of_a_group() -> None:
    bug = ExceptionGroup("x", [ZeroDivisionError(), ExceptionGroup("y", [KeyError("z")])])
    assert find_cause(bug) is bug
    disk, known = OSError(28, "No space left"), InvalidInput("VT-7024")
    assert find_cause(ExceptionGroup("x", [ZeroDivisionError(), disk])) is disk
    assert find_cause(ExceptionGroup("x", [disk, ExceptionGroup("y", [known])])) is known
