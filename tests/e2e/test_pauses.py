"""Nodes that freeze and go on: to the others they are dead, to themselves no time has passed."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.e2e.marks import raft_in_long
from tests.e2e.network import Network
from tests.e2e.running import caught_up, grow, say, under_load

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@raft_in_long
def test_paused_nodes_say_nothing_stale_when_they_go_on(network: Network, tmp_path: Path) -> None:
    """Each in turn, so the leader or proposer too, then two at once, then all."""

    async def run() -> None:
        random = Random(4)
        async with under_load(network, tmp_path, seed=4) as workload:
            groups = [[node] for node in network.nodes]
            groups += [random.sample(network.nodes, 2), network.nodes]
            for group in groups:
                await asyncio.sleep(random.uniform(0.3, 1.0))
                for node in group:
                    node.pause()
                await asyncio.sleep(random.uniform(1.0, 2.5))
                for node in group:
                    node.resume()
                await grow(network, 1, 0)
                for node in group:
                    await caught_up(node, network)
                names = " and ".join(node.name for node in group)
                say(f"{names} paused and went on; {len(workload.unknown)} without an answer")

    asyncio.run(run())
