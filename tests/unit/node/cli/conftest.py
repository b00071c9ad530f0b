"""Commands against a served demonstration chain, and the files that users have."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chain.keyfile import seal_key
from node.cli.main import run
from node.keystore import save_key
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import seed_of


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as one JSON value."""
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process."""

    def call(*words: object) -> Ended:
        capsys.readouterr()
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return Ended(int(code), captured.out, captured.err)

    return call


@dataclass
class Served:
    """A fake node and its address."""

    node: FakeNode
    address: str


@contextmanager
def serving(node: FakeNode) -> Iterator[Served]:
    """Serve a chain from another thread, as a node would from another process."""
    ready: list[str] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            ready.append(await stack.enter_async_context(node.serve()))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield Served(node, ready[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve a demonstration chain."""
    with serving(FakeNode()) as found:
        yield found


@pytest.fixture
def identity(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write the key file of somebody of the demonstration chain."""

    def write(name: str, organisation: str) -> Path:
        path = tmp_path / "keys" / f"{name}.json"
        save_key(path, seal_key(seed_of(name), name, organisation, None, bytes(16), bytes(24)))
        return path

    return write


@pytest.fixture
def genesis_path(served: Served, tmp_path: Path) -> Path:
    """The chain's genesis file."""
    path = tmp_path / "genesis.json"
    path.write_bytes(served.node.genesis_json)
    return path
