"""A node for tests of the pages: the real API over a real chain, without peers or consensus.

Every answer is the product's own, so the pages are held to what a node says. Run it by hand to
work on the pages: python -m tests.browser.fake_node 8800
"""

import asyncio
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aiohttp import web

from chain.scalars import Height, NodeName, OrganisationId, UnixMillis
from node.api import NodeStatus, PeerState, make_app
from node.clock import now_ms
from node.explorer.app import add_explorer
from node.storage.rocks import RocksStore
from tests.browser.fake_chain import HOURS, make_fake_chain, play_hour
from tests.unit.node.api.fake_node import FakeNode

NODE: Final = "borne-energie-1"
LATENCY_MS: Final = 31
SILENT: Final = "2 of 4 members are silent (gridlink-1, windcare-1); 3 are needed to decide."


@dataclass
class PagesNode(FakeNode):
    """The node behind the pages; `ready` can be changed to see what they make of it."""

    node: str = NODE
    ready: bool = True
    _hours: Iterator[int] = field(default_factory=lambda: itertools.count(HOURS))

    def __post_init__(self) -> None:
        super().__post_init__()
        self._committed_ms = now_ms()

    def advance(self) -> None:
        """Commit a block with another hour of readings and tell the listeners."""
        play_hour(self.chain, next(self._hours))
        self._committed_ms = now_ms()
        self.heights.publish(self.chain.head.height)

    def drop_streams(self) -> None:
        """End all event streams, as a node that restarts does."""
        self.heights.close()

    @property
    def last_commit_ms(self) -> UnixMillis:
        return UnixMillis(self._committed_ms)

    def status(self) -> NodeStatus:
        head = self.chain.head
        others = [one for one in head.validators.members if one.node != NODE]
        return NodeStatus(
            node=NodeName(NODE),
            organisation=OrganisationId("borne-energie"),
            version="0.1.0",
            commit_latency_ms=LATENCY_MS,
            round=0,
            step="propose",
            peers=tuple(
                PeerState(
                    one.node,
                    one.organisation,
                    self.ready or one.organisation == "certis",
                    Height(head.height),
                    UnixMillis(self._committed_ms),
                    f"127.0.0.1:{9001 + index}",
                )
                for index, one in enumerate(others)
            ),
            mempool_transactions=0,
            mempool_bytes=0,
            updates_per_second=112.4,
            reasons=() if self.ready else (SILENT,),
        )


@contextmanager
def run_fake_node(port: int = 0) -> Iterator["RunningNode"]:
    """Serve four days of the wind farm, in a thread of its own, until the context ends."""
    with TemporaryDirectory() as folder:
        store = RocksStore(Path(folder) / "database")
        running = RunningNode(PagesNode(make_fake_chain(now_ms(), store)))
        thread = threading.Thread(target=running.serve, args=(port,), daemon=True)
        thread.start()
        running.started.wait(10)
        try:
            yield running
        finally:
            running.stop()
            thread.join(10)
            store.close()


class RunningNode:
    """A server in a thread: its address, and calls into it."""

    def __init__(self, node: PagesNode) -> None:
        self.node = node
        self.url = ""
        self.started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    @property
    def height(self) -> int:
        """Height of the newest block."""
        return self.node.chain.head.height

    def advance(self) -> None:
        """Commit a block, in the server's thread."""
        self._call(self.node.advance)

    def drop_streams(self) -> None:
        """End all event streams, in the server's thread."""
        self._call(self.node.drop_streams)

    def _call(self, function: Callable[[], None]) -> None:
        async def call() -> None:
            function()

        assert self._loop is not None, "the server runs"
        asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def serve(self, port: int) -> None:
        """Serve until `stop`; `asyncio.run` ends the streams that are still open."""
        asyncio.run(self._serve(port))

    async def _serve(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        app = make_app(self.node)
        add_explorer(app)
        runner = web.AppRunner(
            app, shutdown_timeout=0.1, handler_cancellation=True, access_log=None
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.started.set()
        await self._stop.wait()
        self.node.heights.close()
        await runner.cleanup()

    def stop(self) -> None:
        """End `serve`."""
        assert self._loop is not None, "the server runs"
        self._loop.call_soon_threadsafe(self._stop.set)


if __name__ == "__main__":
    with run_fake_node(int(sys.argv[1])) as served:
        print(f"fake node at {served.url}", flush=True)
        while True:
            time.sleep(2)
            served.advance()
