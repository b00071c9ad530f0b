"""Single keys from the terminal, without waiting for Enter."""

import asyncio
import contextlib
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


def has_keys() -> bool:
    """Whether a person can press keys: there is a terminal, and it is ours to read."""
    if not HAS_TERMINAL or sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        return False
    try:
        # A job in the background would be stopped by the first look at its terminal.
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # It is a terminal, but not the one that this session belongs to.
        return True


@contextmanager
def read_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Hand each key pressed to `on_key`, inside the block; nothing when there is no terminal."""
    if not has_keys():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            data = os.read(descriptor, 64)
        except OSError:
            data = b""
        if not data:  # The terminal is gone; it would be ready to be read for ever.
            loop.remove_reader(descriptor)
        for key in data.decode(errors="ignore"):
            on_key(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        with contextlib.suppress(termios.error):  # The terminal may be gone.
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
