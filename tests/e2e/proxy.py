"""Wires between nodes that a test can slow down, choke and cut, each direction for itself.

Every node dials every other one through a wire of its own, on a port of 127.0.0.1. A wire carries
bytes of TLS and loses none of them: a cut holds them back, as a network does whose packets are sent
again and again, and they arrive when it is mended, unless the connection was given up meanwhile.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.e2e.network import Network

CHUNK_SIZE_BYTES = 16 << 10
CHUNKS_MAX = 256
HOLD_SECONDS = 0.01


@dataclass
class Direction:
    """What happens to bytes that one node sends to another."""

    delay_seconds: float = 0.0
    bytes_per_second: float | None = None
    is_cut: bool = False

    async def let_pass(self, since: float) -> None:
        """Wait until what came in at a time may arrive; the test may change its mind meanwhile."""
        clock = asyncio.get_running_loop().time
        while True:
            wait = HOLD_SECONDS if self.is_cut else since + self.delay_seconds - clock()
            if wait <= 0:
                return
            await asyncio.sleep(min(wait, HOLD_SECONDS))


@dataclass
class Wires:
    """All wires of a network; `directions` is by the names of sender and receiver."""

    directions: dict[tuple[str, str], Direction] = field(default_factory=dict)

    def between(self, one: str, other: str) -> tuple[Direction, Direction]:
        """Both directions between two nodes."""
        return self.directions[one, other], self.directions[other, one]

    def cut(self, *senders: str, receivers: tuple[str, ...]) -> None:
        """Hold back what the senders send to the receivers, and nothing else."""
        for sender in senders:
            for receiver in receivers:
                if sender != receiver:
                    self.directions[sender, receiver].is_cut = True

    def part(self, *groups: tuple[str, ...]) -> None:
        """Cut all wires between groups, both ways."""
        for group in groups:
            others = tuple(name for other in groups if other != group for name in other)
            self.cut(*group, receivers=others)

    def delay(self, seconds: float) -> None:
        """Let everything arrive so much later."""
        for direction in self.directions.values():
            direction.delay_seconds = seconds

    def choke(self, node: str, bytes_per_second: float) -> None:
        """Let a node send to each other one, and each to it, only so much in a second."""
        for (sender, receiver), direction in self.directions.items():
            if node in (sender, receiver):
                direction.bytes_per_second = bytes_per_second

    def mend(self) -> None:
        """Make all wires whole and fast."""
        for direction in self.directions.values():
            direction.is_cut = False
            direction.delay_seconds = 0.0
            direction.bytes_per_second = None


@asynccontextmanager
async def wired(network: Network) -> AsyncIterator[Wires]:
    """Put a wire into each of the twelve ways between four stopped nodes, then start them."""
    names = [node.name for node in network.nodes]
    wires = Wires({(a, b): Direction() for a in names for b in names if a != b})
    servers = []
    async with asyncio.TaskGroup() as tasks:
        for node in network.nodes:
            ports: dict[str, int] = {}
            for peer in network.nodes:
                if peer is not node:
                    wire = _Wire(wires.between(node.name, peer.name), peer.p2p_port, tasks)
                    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
                    servers.append(server)
                    ports[peer.name] = server.sockets[0].getsockname()[1]
            node.change_settings(partial(_dial_at, ports))
        await asyncio.to_thread(network.start)
        try:
            yield wires
        finally:
            # A cut wire holds on to what it carries, and the end of a node would wait for it.
            wires.mend()
            for server in servers:
                server.close()
            await asyncio.to_thread(network.stop)


def _dial_at(ports: dict[str, int], settings: dict[str, Any]) -> None:
    for peer in settings["peers"]:
        peer["port"] = ports[peer["node"]]


@dataclass
class _Wire:
    """One node's way to another, for as many connections as it opens."""

    directions: tuple[Direction, Direction]
    port: int
    tasks: asyncio.TaskGroup

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        forth, back = self.directions
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
            there = self.tasks.create_task(_flow(reader, far_writer, forth))
            here = self.tasks.create_task(_flow(far_reader, writer, back))
            await asyncio.wait((there, here), return_when=asyncio.FIRST_COMPLETED)
            for flow in (there, here):
                flow.cancel()
            far_writer.close()
        writer.close()


async def _flow(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
) -> None:
    """Move bytes one way; each chunk arrives `delay_seconds` after it came in."""
    clock = asyncio.get_running_loop().time
    # No bytes stand for the end. When the queue is full, the sender's window is.
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_MAX)

    async def take_in() -> None:
        data = b"?"
        while data:
            try:
                data = await reader.read(CHUNK_SIZE_BYTES)
            except OSError:
                data = b""
            await waiting.put((clock(), data))

    async def hand_out() -> None:
        while True:
            since, data = await waiting.get()
            await direction.let_pass(since)
            if not data:
                return
            writer.write(data)
            await writer.drain()
            if direction.bytes_per_second is not None:
                await asyncio.sleep(len(data) / direction.bytes_per_second)

    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(take_in())
        with contextlib.suppress(OSError):
            await hand_out()
        taking.cancel()
