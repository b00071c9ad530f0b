"""Runs of a workload during which things go wrong, with a line of progress now and then."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from tests.e2e.judge import Report, evidence, judge
from tests.e2e.network import Network, NodeProcess
from tests.e2e.watchers import Watchers
from tests.e2e.workload import Workload

T = TypeVar("T")
SLOW = float(os.environ.get("SLOW", "1"))
"""How many times longer than promised things may take, on a machine that others use too."""
PATIENCE_SECONDS = 60.0 * SLOW


def say(text: str) -> None:
    """Write a line of progress; pytest shows it at once with -s, else with a failure."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


async def until(what: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Ask until the answer is true; give it. The event loop runs meanwhile."""
    ends = time.monotonic() + seconds
    while True:
        answer = await asyncio.to_thread(what)
        if answer:
            return answer
        assert time.monotonic() < ends, f"not within {seconds} s; last answer: {answer!r}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def under_load(network: Network, folder: Path, seed: int) -> AsyncIterator[Workload]:
    """Let clients and watchers work on a network; when the body is over, judge the run."""
    workload = Workload(network, seed)
    watchers = Watchers(network)
    with evidence(folder.name, workload):
        await workload.set_up()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watchers.run())
            working = tasks.create_task(workload.run())
            yield workload
            workload.end()
            await working
            await until(lambda: all(node.height > 0 for node in network.nodes))
            report: Report = await judge(workload, watchers)
            watching.cancel()
        say(report.describe())
        assert report.operations - report.never > 0


async def grow(network: Network, blocks: int, *nodes: int) -> float:
    """Wait until these nodes have so many blocks more than any has now; give the seconds it took.

    Args: nodes: their indexes; none given means all.
    """
    began = time.monotonic()
    target = await asyncio.to_thread(lambda: network.height) + blocks
    chosen = [network.nodes[index] for index in nodes] or network.nodes
    await until(lambda: min(node.height for node in chosen) >= target)
    return time.monotonic() - began


async def caught_up(node: NodeProcess, network: Network, lag: int = 3) -> None:
    """Wait until a node is as high as the others, but for a few blocks."""
    await until(lambda: node.height >= network.height - lag > 0)


def last_voted(network: Network, name: str) -> int:
    """Give the greatest height for which another node counted a vote of this one.

    A certificate holds the first votes that suffice, so who votes last stands in few of them.
    """
    heights = [0]
    for witness in network.nodes:
        if witness.name != name and (found := witness.get("/v1/consensus")):
            member = next(one for one in found["validators"] if one["node"] == name)
            heights.append((member["last_vote"] or {"height": 0})["height"])
    return max(heights)
