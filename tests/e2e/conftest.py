"""Real networks for end-to-end tests."""

import fcntl
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.network import Network, found

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's & has switched it off for all that is started here, and a demo would keep to that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def reserved_base_port() -> Iterator[int]:
    """Give a port such that it, and the one 1000 below, begin four free ports each.

    No other process gets one of them while this one keeps them. They stay free between the death
    of a node and its next start, so locks on files stand for them. Each process begins its search
    elsewhere, below the ports that the system gives to clients.
    """
    first = os.getpid() * 97
    for offset in range(1_000):
        base = 21_000 + (first + offset) % 1_000 * 10
        with ExitStack() as kept:
            if _lock(base, kept) and _lock(base - 1000, kept) and _are_free(base):
                yield base
                return
    raise AssertionError("no free ports")


def _lock(first: int, kept: ExitStack) -> bool:
    """Lock ten ports; tell whether nobody else has."""
    path = Path(tempfile.gettempdir()) / f"veritwin-ports-{first}.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        kept.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False  # Another run has it, or the file is another user's.
    return True


def _are_free(base: int) -> bool:
    with ExitStack() as opened:
        for port in (start + index for start in (base, base - 1000) for index in range(4)):
            one = opened.enter_context(socket.socket())
            # As servers do: connections of a network that has just ended are no hindrance.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@pytest.fixture
def engine() -> str:
    """How the network of a test agrees; a test that is for other engines too parametrizes it."""
    return "bft"


@pytest.fixture
def stopped(tmp_path: Path, engine: str) -> Iterator[Network]:
    """A network of four nodes that were not started yet."""
    with reserved_base_port() as base:
        made = found(tmp_path / "network", base, engine)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def network(stopped: Network) -> Network:
    """A running network of four nodes."""
    stopped.start()
    return stopped
