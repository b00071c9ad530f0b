"""Slow, choked and cut wires between real nodes: what can go on goes on, and no promise breaks."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.marks import raft_in_long
from tests.e2e.network import Network
from tests.e2e.proxy import wired
from tests.e2e.running import caught_up, grow, say, under_load

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
CUT_SECONDS = 3.0


async def stand_still(network: Network, seconds: float) -> None:
    """Make sure that nobody commits for a while, but for what was on its way."""
    await asyncio.sleep(1.0)
    height = await asyncio.to_thread(lambda: network.height)
    await asyncio.sleep(seconds)
    assert await asyncio.to_thread(lambda: network.height) <= height + 1


@raft_in_long
def test_a_network_lives_through_delays_cuts_and_black_holes(
    stopped: Network, tmp_path: Path
) -> None:
    async def run() -> None:
        alpha, beta, gamma, delta = (node.name for node in stopped.nodes)
        async with wired(stopped) as wires, under_load(stopped, tmp_path, seed=2):
            await grow(stopped, 5)
            wires.delay(0.1)
            took = await grow(stopped, 5)
            assert took > 1  # A block needs at least two messages, one after the other.
            say(f"100 ms everywhere: goes on, {took / 5:.1f} s for a block")
            wires.mend()
            wires.choke(delta, 4_000)
            await grow(stopped, 5, 0, 1, 2)
            say("one node behind 4 kB/s: the others go on")
            wires.mend()
            await caught_up(stopped.nodes[3], stopped)

            wires.part((alpha, beta, gamma), (delta,))
            await grow(stopped, 5, 0, 1, 2)
            say("one node in a black hole: the others go on")
            wires.mend()
            await caught_up(stopped.nodes[3], stopped)

            wires.cut(beta, receivers=(alpha, gamma, delta))
            await grow(stopped, 5, 0, 2, 3)
            say("one node that hears and is not heard: the others go on")
            wires.mend()
            wires.cut(alpha, beta, delta, receivers=(gamma,))
            await grow(stopped, 5, 0, 1, 3)
            say("one node that is heard and does not hear: the others go on")
            wires.mend()
            await caught_up(stopped.nodes[2], stopped)

            wires.part((alpha, beta), (gamma, delta))
            await stand_still(stopped, CUT_SECONDS)
            say("two against two: nobody commits")
            wires.mend()
            await grow(stopped, 5)
            say("mended: goes on")

    asyncio.run(run())


@pytest.mark.long
def test_a_ring_of_one_way_cuts_forks_nothing(stopped: Network, tmp_path: Path) -> None:
    """Each node cannot be heard by the next one: everybody misses somebody else's votes."""

    async def run() -> None:
        names = [node.name for node in stopped.nodes]
        async with wired(stopped) as wires, under_load(stopped, tmp_path, seed=3):
            for sender, receiver in zip(names, names[1:] + names[:1], strict=True):
                wires.cut(sender, receivers=(receiver,))
            await asyncio.sleep(CUT_SECONDS)
            say(f"a ring of cuts: heights {[node.height for node in stopped.nodes]}")
            wires.mend()
            await grow(stopped, 5)

    asyncio.run(run())
