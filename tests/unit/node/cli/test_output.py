import json

import pytest

from chain.catalogue import CATALOGUE
from chain.errors import Refused
from node.cli import output
from node.cli.output import (
    CommandFailed,
    ExitCode,
    format_error,
    format_table,
    print_error,
    print_json,
    print_result,
    say,
    shorten,
    suggest,
)


def test_tables_are_aligned_without_lines() -> None:
    assert format_table(("name", "count"), [("a", 1), ("longer", 22)]) == (
        "name    count\na       1\nlonger  22"
    )


def test_an_error_has_what_why_fix_and_more() -> None:
    assert format_error(CATALOGUE["VT-2020"], "Twin x is not registered on this chain.") == (
        "error VT-2020: The twin is not registered\n"
        "why:  Twin x is not registered on this chain.\n"
        "fix:  Check the name: veritwin twins list\n"
        "more: veritwin explain VT-2020"
    )


def test_ids_stay_whole_in_a_pipe() -> None:
    assert shorten("ab" * 32) == "ab" * 32
    assert shorten(None) == "-"


def test_ids_are_short_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert shorten("ab" * 32) == "ababababab"
    assert shorten("R80790") == "R80790"


def test_results_go_to_stdout_and_messages_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_result({"a": 1}, as_json=True, text="one")
    print_result({"a": 1}, as_json=False, text="one")
    suggest("veritwin status")
    print_error(Refused("VT-2020", twin="x"), as_json=False)
    captured = capsys.readouterr()
    assert captured.out == '{"a":1}\none\n'
    assert "Next:\n  veritwin status\n" in captured.err
    assert "error VT-2020" in captured.err


def test_commands_are_named_as_they_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/veritwin", "status"])
    monkeypatch.setattr(output, "which", lambda _: None)
    suggest("veritwin twins show veritwin")
    assert ".venv/bin/veritwin twins show veritwin\n" in capsys.readouterr().err
    assert format_error(CATALOGUE["VT-2020"], "x").endswith(".venv/bin/veritwin explain VT-2020")
    monkeypatch.setattr(output, "which", lambda _: "/usr/bin/veritwin")
    suggest("veritwin status")
    assert capsys.readouterr().err.endswith("  veritwin status\n")


HOSTILE = "a\x1b[2J\x1b[H\x9b1m\u202eb\r"
SHOWN = "a\\u001b[2J\\u001b[H\\u009b1m\\u202eb\\u000d"


def test_what_others_wrote_never_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(None, as_json=False, text=f"{HOSTILE}\n\tsecond é line")
    say(HOSTILE)
    print_error(Refused("VT-2020", twin=HOSTILE), as_json=False)
    captured = capsys.readouterr()
    assert captured.out == f"{SHOWN}\n\tsecond é line\n"
    assert captured.err.startswith(f"{SHOWN}\nerror VT-2020")
    assert f"why:  Twin {SHOWN} is not registered" in captured.err


def test_a_cell_is_one_line_and_an_error_s_reason_too() -> None:
    assert format_table(("name",), [("a\nb",)]) == "name\na\\u000ab"
    assert "why:  a\\u000afix:  b\n" in format_error(CATALOGUE["VT-2020"], "a\nfix:  b")


def test_json_says_the_same_without_a_character_that_steers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json({"title": "é"})
    print_json({"title": HOSTILE})
    plain, escaped = capsys.readouterr().out.splitlines()
    assert plain == '{"title":"é"}'
    assert escaped.isascii()
    assert json.loads(escaped) == {"title": HOSTILE}


def test_a_failed_command_says_its_code() -> None:
    assert str(CommandFailed(ExitCode.NOT_FOUND)) == "NOT_FOUND"
