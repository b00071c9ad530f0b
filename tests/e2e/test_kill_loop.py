"""Nodes are killed again and again under load: nothing final is lost, nothing happens twice.

`CYCLES` and `SEED` in the environment choose how often and which.
"""

import asyncio
import os
from pathlib import Path
from random import Random

import pytest

from tests.e2e.marks import each_engine
from tests.e2e.network import Network
from tests.e2e.running import caught_up, say, under_load

pytestmark = pytest.mark.e2e
CYCLES = int(os.environ.get("CYCLES", "200"))
CYCLES_SHORT = 3
SEED = int(os.environ.get("SEED", "1"))


async def kill_again_and_again(network: Network, folder: Path, cycles: int) -> None:
    random = Random(SEED)
    async with under_load(network, folder, SEED) as workload:
        for cycle in range(1, cycles + 1):
            await asyncio.sleep(random.uniform(0.3, 1.5))
            node = random.choice(network.nodes)
            height = await asyncio.to_thread(lambda: network.height)
            await asyncio.to_thread(node.kill)
            down = random.uniform(0.0, 2.0)
            await asyncio.sleep(down)
            node.start()
            await caught_up(node, network)
            say(
                f"cycle {cycle} of {cycles}: {node.name} died at height {height}, was down "
                f"{down:.1f} s, is back at {node.height}; {len(workload.attempts)} operations, "
                f"{len(workload.unknown)} without an answer"
            )


@each_engine
@pytest.mark.timeout(300)
def test_killing_nodes_under_load_breaks_no_promise(network: Network, tmp_path: Path) -> None:
    asyncio.run(kill_again_and_again(network, tmp_path, CYCLES_SHORT))


@pytest.mark.long
@each_engine
@pytest.mark.timeout(CYCLES * 30 + 600)
def test_hundreds_of_kills_under_load_break_no_promise(network: Network, tmp_path: Path) -> None:
    asyncio.run(kill_again_and_again(network, tmp_path, CYCLES))
