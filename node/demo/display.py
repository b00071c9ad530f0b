"""Where the demo shows itself: a live screen, plain lines, or JSON Lines."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Literal, TextIO

from node.demo.report import Message, Scene

Mode = Literal["screen", "lines", "json"]
REFRESHES_PER_SECOND: Final = 4
LINES_PER_STATUS: Final = 10
"""Plain lines show one status of so many."""


def choose_mode(*, as_json: bool) -> Mode:
    """Choose JSON when asked for, the screen on a terminal that can show it, lines otherwise."""
    if as_json:
        return "json"
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    can_draw = is_terminal and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    return "screen" if can_draw else "lines"


class Display:
    """Writes what the reporter passes on.

    When nobody reads any more it falls silent and calls `on_broken`; `failure` says why, if it is
    another reason than a reader that had enough.
    """

    def __init__(self, mode: Mode, out: TextIO | None = None) -> None:
        self.mode: Final = mode
        self.on_broken: Callable[[], None] = lambda: None
        self.failure: OSError | None = None
        self._out = out or sys.stdout
        # A program that was started without standard output does without it.
        self._is_broken = self._out is None
        self._statuses = 0

    def listen(self, event: str, message: Message, values: dict[str, Any]) -> None:
        """Show an event; the screen takes it from the scene."""
        if self.mode == "json":
            # Steps are for people who wait.
            if event != "step":
                self.write(json.dumps({"event": event, **values}, ensure_ascii=False))
        elif self.mode == "lines":
            self._statuses += event == "status"
            # The end is told in full by `write_end`.
            is_shown = event != "status" or self._statuses % LINES_PER_STATUS == 0
            if is_shown and event != "summary":
                self.write(f"{format_clock(message)}  {message.text}")

    def write_end(self, lines: Iterable[str]) -> None:
        """Write what remains on the terminal when the demo is over."""
        for line in lines if self.mode != "json" else ():
            self.write(line)

    def write(self, line: str) -> None:
        """Write a line, unless nobody reads any more."""
        if self._is_broken:
            return
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.failure = error
            self._is_broken = True
            with contextlib.suppress(io.UnsupportedOperation):
                # What is buffered would else fail once more when Python ends.
                _send_nowhere(self._out.fileno())
            self.on_broken()

    def close_output(self) -> None:
        """Let everything that is still written go nowhere, as the terminal has gone."""
        self._is_broken = True
        _send_nowhere(1, 2)

    @contextmanager
    def showing(self, scene: Scene) -> Iterator[None]:
        """Keep the screen up inside the block, and leave the terminal as it was."""
        if self.mode != "screen":
            yield
            return
        from rich.console import Console
        from rich.live import Live

        from node.demo.screen import Screen

        with Live(
            Screen(scene),
            console=Console(highlight=False),
            refresh_per_second=REFRESHES_PER_SECOND,
            screen=True,
        ):
            yield


def _send_nowhere(*descriptors: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    if nowhere not in descriptors:
        os.close(nowhere)


def format_clock(message: Message) -> str:
    """Write when something happened, in local time."""
    return datetime.fromtimestamp(message.time_ms / 1000).astimezone().strftime("%H:%M:%S")
