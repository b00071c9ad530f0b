"""Keys, from a terminal that may not be there."""

import asyncio
import contextlib
import io
import os
import pty
import sys
import termios
from collections.abc import Iterator

import pytest

from node.demo.keyboard import has_keys, read_keys
from tests.unit.node.demo.fakes import until


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Put a terminal in the place of standard input; give its other end."""
    near, far = pty.openpty()
    stdin = os.fdopen(far, "r")
    monkeypatch.setattr(sys, "stdin", stdin)
    yield near
    stdin.close()
    with contextlib.suppress(OSError):  # A test may have closed it already.
        os.close(near)


async def test_a_key_counts_at_once_and_the_terminal_is_left_as_it_was(terminal: int) -> None:
    before = termios.tcgetattr(sys.stdin.fileno())
    pressed: list[str] = []
    with read_keys(pressed.append):
        assert termios.tcgetattr(sys.stdin.fileno()) != before
        os.write(terminal, b"k")
        await until(lambda: pressed == ["k"])
        os.write(terminal, "rü".encode())
        await until(lambda: len(pressed) > 2)
    assert pressed == ["k", "r", "ü"]
    assert termios.tcgetattr(sys.stdin.fileno()) == before


async def test_a_terminal_that_goes_away_is_not_read_for_ever(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = os.read
    monkeypatch.setattr(os, "read", lambda *given: reads.append(1) or read(*given))
    pressed: list[str] = []
    with read_keys(pressed.append):
        os.close(terminal)
        await until(lambda: bool(reads))
        await asyncio.sleep(0.02)
    assert (reads, pressed) == ([1], [])


@pytest.mark.parametrize("stdin", [None, io.StringIO("k")])
async def test_without_a_terminal_there_are_no_keys(
    stdin: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    pressed: list[str] = []
    assert not has_keys()
    with read_keys(pressed.append):
        pass
    assert pressed == []


def test_a_closed_standard_input_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed)
    assert not has_keys()


def test_a_job_in_the_background_leaves_the_terminal_alone(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert has_keys()
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    assert not has_keys()
