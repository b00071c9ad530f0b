"""Which TCP ports of this machine the nodes of a local network take."""

import random
import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from chain.errors import InvalidInput

HOST: Final = "127.0.0.1"
CHOICE: Final = range(15_000, 32_000)
"""Below the ports that systems give to outgoing connections, so that none of these takes one."""


def choose_ports(count: int, taken: Iterable[int] = ()) -> list[int]:
    """Choose ports that nobody uses now, none of `taken` among them."""
    return list(islice(_free_ports(frozenset(taken)), count))


def check_ports(ports: Iterable[int]) -> None:
    """Check that ports can be used.

    Raises: InvalidInput: VT-8011, one of them cannot.
    """
    for port in ports:
        reason = _try(port)
        if reason is not None:
            raise InvalidInput("VT-8011", port=port, host=HOST, reason=reason)


def _free_ports(taken: frozenset[int]) -> Iterator[int]:
    # Demos that start at the same moment must not all begin with the same ports.
    for port in random.sample(CHOICE, len(CHOICE)):
        if port not in taken and _try(port) is None:
            yield port


def _try(port: int) -> str | None:
    """Try to bind a port as a node would; give the reason why it cannot be bound."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HOST, port))
            one.listen(1)
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None
