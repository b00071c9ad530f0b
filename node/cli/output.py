"""How commands speak: results, tables, messages and errors, for people or as JSON."""

import json
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Any, Final

import click

from chain.catalogue_entry import Entry
from chain.errors import ChainError
from chain.plain_text import show_text

PROGRAM: Final = "veritwin"
ID_LENGTH_SHOWN = 10
_BETWEEN: Final = re.compile(r"[^\n\t]+")


class ExitCode(IntEnum):
    """What the exit code of every command means."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    DENIED = 4
    NOT_FINAL = 5
    VERIFICATION_FAILED = 6
    UNREACHABLE = 7
    INTERRUPTED = 130


EXIT_CODES_HELP = (
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 denied, 5 not final in time, "
    "6 verification failed, 7 node unreachable, 130 interrupted."
)


class CommandFailed(Exception):
    """Ends a command with an exit code; `error` says why, None when it was said already."""

    def __init__(self, exit_code: ExitCode, error: ChainError | None = None) -> None:
        super().__init__(str(error or exit_code.name))
        self.exit_code = exit_code
        self.error = error


def print_json(value: Any) -> None:
    """Write one JSON object on one line; in ASCII where a character of it steers a terminal."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if show_text(text) != text:
        text = json.dumps(value, separators=(",", ":"))
    click.echo(text)


def print_result(value: Any, *, as_json: bool, text: str) -> None:
    """Write a result: as JSON, or as text for people."""
    if as_json:
        print_json(value)
    else:
        click.echo(show_lines(text))


def print_list(
    items: Sequence[Any],
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    as_json: bool,
    empty: str,
) -> None:
    """Write a list: as JSON, or as a table for people.

    Args: empty: said to people when there is nothing in it: why, or what to do next.
    """
    print_result({"items": items}, as_json=as_json, text=format_table(heads, rows))
    if not rows and not as_json:
        say(empty)


def show_lines(text: str) -> str:
    """Give a text that others may have written fit for a terminal; lines and tabs stay."""
    return _BETWEEN.sub(lambda found: show_text(found[0]), text)


def say(text: str) -> None:
    """Write a message for people to standard error."""
    click.echo(show_lines(text), err=True)


def suggest(*commands: str) -> None:
    """Name the commands that one would type next."""
    say("")
    say("Next:")
    for command in commands:
        say(f"  {_as_called(command)}")


def _as_called(command: str) -> str:
    """Give a command as it can be typed here: a name that is on no path becomes the way to it."""
    called = sys.argv[0]
    is_ours = command.startswith(f"{PROGRAM} ") and Path(called).name == PROGRAM
    if not is_ours or which(PROGRAM) is not None:
        return command
    return quote(called) + command.removeprefix(PROGRAM)


def shorten(id_: str | None) -> str:
    """Shorten a long id on a terminal; keep it whole in a pipe."""
    if id_ is None:
        return "-"
    if len(id_) >= 32 and sys.stdout.isatty():
        return id_[:ID_LENGTH_SHOWN]
    return id_


def format_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Align rows under heads, without lines, so that it can be searched and cut.

    A cell is one line, whatever stands in it.
    """
    texts = [[show_text(str(cell)) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[index]) for row in texts) for index in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in texts
    ]
    return "\n".join(lines)


def format_error(entry: Entry, why: str) -> str:
    """Give the four lines of an error: what, why, fix, more."""
    return "\n".join(
        (
            f"error {entry.code}: {entry.title}",
            f"why:  {show_text(why)}",
            f"fix:  {entry.fix}",
            f"more: {_as_called(f'{PROGRAM} explain {entry.code}')}",
        )
    )


def print_error(error: ChainError, *, as_json: bool) -> None:
    """Write an error to standard error."""
    if as_json:
        entry = error.entry
        click.echo(
            json.dumps(
                {
                    "code": entry.code,
                    "title": entry.title,
                    "why": error.why,
                    "fix": entry.fix,
                }
            ),
            err=True,
        )
        return
    say(format_error(error.entry, error.why))
