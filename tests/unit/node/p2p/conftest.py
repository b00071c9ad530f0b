"""Fixtures of the peer tests: a consortium on disk, and a runner for both event loops."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.unit.node.p2p.support import Consortium, loud_loop

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def consortium(tmp_path: Path) -> Consortium:
    return Consortium(tmp_path, ("a", "b", "c", "d"))


def _run_in(factory: Callable[[], asyncio.AbstractEventLoop], story: Any) -> None:
    async def watched() -> None:
        async with asyncio.timeout(20):
            with loud_loop():
                await story

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(watched())
    gc.collect()  # A socket or transport that was left open warns here, and a warning fails.


@pytest.fixture
def run() -> Run:
    """Run a story in asyncio's own loop."""
    return lambda story: _run_in(asyncio.new_event_loop, story)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run_both(request: pytest.FixtureRequest) -> Run:
    """Run a story in asyncio's own loop and in uvloop."""
    return lambda story: _run_in(request.param, story)
