"""The screen, lines or JSON: each says what its readers want."""

import io
import json
import os
import re
import subprocess
import sys

import pytest

from node.demo.display import LINES_PER_STATUS, Display, Mode, choose_mode
from node.demo.report import Message, Scene

MESSAGE = Message(1_700_000_000_000, "It is über.")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, _: str) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("out", "term", "as_json", "mode"),
    [
        (Terminal(), "xterm", False, "screen"),
        (Terminal(), "xterm", True, "json"),
        (Terminal(), "dumb", False, "lines"),
        (Terminal(), None, False, "lines"),
        (io.StringIO(), "xterm", False, "lines"),
        (io.StringIO(), "xterm", True, "json"),
    ],
)
def test_the_mode_follows_the_output(
    out: io.StringIO, term: str | None, as_json: bool, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    if term is None:
        monkeypatch.delenv("TERM", raising=False)
    else:
        monkeypatch.setenv("TERM", term)
    assert choose_mode(as_json=as_json) == mode


def test_json_lines_hold_the_values_and_no_steps() -> None:
    out = io.StringIO()
    display = Display("json", out)
    display.listen("step", MESSAGE, {})
    display.listen("order_opened", MESSAGE, {"twin": "ü"})
    display.write_end(["The end."])
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "order_opened", "twin": "ü"}
    ]


def test_lines_hold_the_time_the_sentence_and_a_status_now_and_then() -> None:
    out = io.StringIO()
    display = Display("lines", out)
    display.listen("step", MESSAGE, {})
    for _ in range(2 * LINES_PER_STATUS):
        display.listen("status", Message(0, "4 of 4 nodes up"), {})
    display.listen("summary", MESSAGE, {})
    display.write_end(["The end."])
    lines = out.getvalue().splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  It is über\.", lines[0])
    assert [line[10:] for line in lines[1:3]] == ["4 of 4 nodes up"] * 2
    assert lines[3:] == ["The end."]


def test_the_screen_writes_nothing_but_the_end() -> None:
    out = io.StringIO()
    display = Display("screen", out)
    display.listen("order_opened", MESSAGE, {})
    display.write_end(["The end."])
    assert out.getvalue() == "The end.\n"


@pytest.mark.parametrize("mode", ["lines", "json"])
def test_without_a_screen_nothing_is_drawn(mode: Mode, capsys: pytest.CaptureFixture[str]) -> None:
    with Display(mode).showing(Scene()):
        pass
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "is_failure"),
    [(BrokenPipeError(), False), (OSError(28, "No space left on device"), True)],
)
def test_a_reader_that_goes_away_is_noticed_once_and_a_full_disk_is_a_failure(
    error: OSError, is_failure: bool
) -> None:
    display = Display("json", Broken(error))
    noticed: list[bool] = []
    display.on_broken = lambda: noticed.append(True)
    for _ in range(3):
        display.listen("status", MESSAGE, {})
    assert noticed == [True]
    assert (display.failure is error) is is_failure


def test_without_any_standard_output_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert choose_mode(as_json=False) == "lines"
    Display("lines").listen("ready", MESSAGE, {})


def test_after_the_terminal_has_gone_nothing_can_fail() -> None:
    program = (
        "import os, sys\n"
        "from node.demo.display import Display\n"
        "display = Display('lines')\n"
        "os.close(1)\n"
        "display.close_output()\n"
        "display.write('lost')\n"
        "print('lost')\n"
        "print('lost', file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
