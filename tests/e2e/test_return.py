"""Nodes that were away for long: how soon the chain, and they themselves, take part again.

`DOWN` and `BLOCKS` in the environment choose how long the long ones are.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.marks import each_engine, raft_in_long
from tests.e2e.network import Network, NodeProcess
from tests.e2e.running import SLOW, caught_up, last_voted, say, under_load, until

pytestmark = pytest.mark.e2e
DOWN_SECONDS = float(os.environ.get("DOWN", "300"))
BLOCKS = int(os.environ.get("BLOCKS", "1000"))
BLOCK_SECONDS = 3.0 * SLOW
VOTE_SECONDS = 10.0 * SLOW
PAGE = 50


async def lose_the_quorum(
    network: Network, folder: Path, seconds: float, back: Sequence[int]
) -> None:
    """Kill two of four under load, wait, start some of them, and look when a block comes."""
    async with under_load(network, folder, seed=5) as workload:
        await asyncio.sleep(1.0)
        for node in network.nodes[2:]:
            await asyncio.to_thread(node.kill)
        await asyncio.sleep(1.0)
        height = network.height
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            say(f"two of four are down for {left:.0f} s more; height {network.height}")
            await asyncio.sleep(min(left, 10.0))
        assert network.height == height, "two of four have committed"
        began = time.monotonic()
        for index in back:
            network.nodes[index].start()
        up, block = await time_of_return(network, height)
        say(
            f"{len(back)} back after {seconds:.0f} s: up in {up - began:.2f} s, "
            f"a block {block - up:.2f} s later; {len(workload.unknown)} without an answer"
        )
        assert block - up < BLOCK_SECONDS
        for node in network.nodes:
            if not node.is_running:
                node.start()
            await caught_up(node, network)


async def time_of_return(network: Network, height: int) -> tuple[float, float]:
    """Give when one more node than two answered, and when a node that never died had a block."""
    await until(lambda: max(node.height for node in network.nodes[2:]) >= 0)
    up = time.monotonic()
    await until(lambda: network.nodes[0].height > height)
    return up, time.monotonic()


@pytest.mark.timeout(300)
@each_engine
def test_a_block_comes_soon_after_the_quorum_is_back(network: Network, tmp_path: Path) -> None:
    asyncio.run(lose_the_quorum(network, tmp_path, 8.0, back=(3,)))


@pytest.mark.long
@pytest.mark.timeout(DOWN_SECONDS + 600)
@each_engine
@pytest.mark.parametrize("back", [(2, 3), (3,)], ids=["both", "one"])
def test_a_block_comes_soon_after_a_long_loss_of_the_quorum(
    network: Network, tmp_path: Path, back: tuple[int, ...]
) -> None:
    asyncio.run(lose_the_quorum(network, tmp_path, DOWN_SECONDS, back))


async def reach(node: NodeProcess, height: int) -> None:
    """Wait until a node has this height."""
    await until(lambda: node.height >= height, 300)


async def miss_blocks(network: Network, folder: Path, blocks: int) -> None:
    """Kill a node for so many blocks and look when it votes again."""
    node, witness = network.nodes[1], network.nodes[0]
    async with under_load(network, folder, seed=6):
        await until(lambda: last_voted(network, node.name) > 0)
        await asyncio.to_thread(node.kill)
        height = network.height
        for goal in (*range(height, height + blocks, PAGE), height + blocks):
            await reach(witness, goal)
            say(f"{node.name} has missed {goal - height} of {blocks} blocks")
        assert last_voted(network, node.name) <= height + 1
        began = time.monotonic()
        node.start()
        await until(lambda: last_voted(network, node.name) > height + blocks)
        took = time.monotonic() - began
        say(f"{node.name} votes again {took:.2f} s after its start, {blocks} blocks behind")
        assert took < VOTE_SECONDS


@pytest.mark.timeout(300)
@raft_in_long
def test_a_node_that_missed_blocks_votes_again_soon(network: Network, tmp_path: Path) -> None:
    asyncio.run(miss_blocks(network, tmp_path, 20))


@pytest.mark.long
@pytest.mark.timeout(BLOCKS * 3 + 600)
@each_engine
def test_a_node_that_missed_a_thousand_blocks_votes_again_soon(
    network: Network, tmp_path: Path
) -> None:
    asyncio.run(miss_blocks(network, tmp_path, BLOCKS))
