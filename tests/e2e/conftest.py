"""Real networks for end-to-end tests."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Network, found


def free_base_port() -> int:
    """Find a port such that it, and the one 1000 below, begin four free ports each.

    Each process begins its search elsewhere, below the ports that the system gives to clients.
    """
    first = os.getpid() * 97
    for offset in range(1_000):
        base = 21_000 + (first + offset) % 1_000 * 10
        ports = [base + index for index in range(4)] + [base - 1000 + index for index in range(4)]
        opened = []
        try:
            for port in ports:
                one = socket.socket()
                opened.append(one)
                one.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for one in opened:
                one.close()
        return base
    raise AssertionError("no free ports")


@pytest.fixture
def engine() -> str:
    """How the network of a test agrees; a test that is for other engines too parametrizes it."""
    return "bft"


@pytest.fixture
def stopped(tmp_path: Path, engine: str) -> Iterator[Network]:
    """A network of four nodes that were not started yet."""
    made = found(tmp_path / "network", free_base_port(), engine)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def network(stopped: Network) -> Network:
    """A running network of four nodes."""
    stopped.start()
    return stopped
