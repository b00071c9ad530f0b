"""Real networks for end-to-end tests."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Network, found


def free_base_port() -> int:
    """Find a port such that it, and the one 1000 below, begin four free ports each."""
    for base in range(21_000, 60_000, 100):
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
def network(tmp_path: Path) -> Iterator[Network]:
    """A running network of four nodes."""
    made = found(tmp_path / "network", free_base_port())
    try:
        made.start()
        yield made
    finally:
        made.stop()
