import pytest

from chain.catalogue import CATALOGUE
from chain.errors import Refused
from node.cli.output import (
    CommandFailed,
    ExitCode,
    format_error,
    format_table,
    print_error,
    print_result,
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


def test_a_failed_command_says_its_code() -> None:
    assert str(CommandFailed(ExitCode.NOT_FOUND)) == "NOT_FOUND"
