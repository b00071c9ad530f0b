"""Real packets lost between real nodes: cables out, and one-way cuts."""

import asyncio
from pathlib import Path

import pytest

from chain.validators import EngineName
from tests.e2e.marks import raft_in_long
from tests.e2e.namespaces import namespaced, why_not
from tests.e2e.running import caught_up, grow, say, under_load

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@raft_in_long
def test_lost_packets_break_no_promise(tmp_path: Path, engine: EngineName) -> None:
    if reason := why_not():
        pytest.skip(reason)
    with namespaced(tmp_path / "network", engine) as (network, switch):

        async def run() -> None:
            alpha, beta, gamma, delta = (node.name for node in network.nodes)
            async with under_load(network, tmp_path, seed=7):
                switch.unplug(alpha)
                await grow(network, 4, 1, 2, 3)
                say("one cable out: the others go on")
                switch.plug(alpha)
                await caught_up(network.nodes[0], network)

                switch.lose(beta, gamma)
                switch.lose(gamma, delta)
                switch.lose(delta, gamma)
                await grow(network, 4, 0, 1)
                say("one way from beta to gamma and both between gamma and delta: goes on")
                switch.keep(beta, gamma)
                switch.keep(gamma, delta)
                switch.keep(delta, gamma)
                await caught_up(network.nodes[2], network)

                for node in (alpha, beta):
                    switch.unplug(node)
                await asyncio.sleep(1.0)
                height = max(network.nodes[index].height for index in (2, 3))
                await asyncio.sleep(3.0)
                assert max(network.nodes[index].height for index in (2, 3)) <= height + 1
                say("two cables out: nobody commits")
                for node in (alpha, beta):
                    switch.plug(node)
                await grow(network, 4)
                say("all cables in: goes on")

        asyncio.run(run())
