"""Single keys from the terminal, without waiting for Enter."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

try:
    import termios
    import tty
except ImportError:  # Not on Windows.
    HAS_TERMINAL = False
else:
    HAS_TERMINAL = True


@contextmanager
def read_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Hand each key pressed to `on_key`, inside the block; nothing when there is no terminal."""
    if not HAS_TERMINAL or not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        for key in os.read(descriptor, 64).decode(errors="ignore"):
            on_key(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
