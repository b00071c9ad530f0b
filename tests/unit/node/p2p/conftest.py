"""Fixtures of the peer tests: a consortium on disk, and a runner for both event loops."""

import asyncio
import copy
import gc
import shutil
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.unit.node.p2p.support import Consortium, loud_loop

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    """Keys are made, and synced to disk, once; do not change it."""
    return Consortium(tmp_path_factory.mktemp("founded"), ("a", "b", "c", "d"))


@pytest.fixture
def consortium(founded: Consortium, tmp_path: Path) -> Consortium:
    """The same four organisations in a folder of the test's own."""
    shutil.copytree(founded.folder, tmp_path, dirs_exist_ok=True)
    own = copy.copy(founded)
    own.folder = tmp_path
    return own


@pytest.fixture(scope="module", autouse=True)
def _no_leaks() -> Iterator[None]:
    """A socket or transport that was left open warns when collected, and a warning fails."""
    yield
    gc.collect()


def _run_in(factory: Callable[[], asyncio.AbstractEventLoop], story: Any) -> None:
    async def watched() -> None:
        async with asyncio.timeout(20):
            with loud_loop():
                await story

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(watched())


@pytest.fixture
def run() -> Run:
    """Run a story in asyncio's own loop."""
    return lambda story: _run_in(asyncio.new_event_loop, story)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run_both(request: pytest.FixtureRequest) -> Run:
    """Run a story in asyncio's own loop and in uvloop."""
    return lambda story: _run_in(request.param, story)
