"""Nodes that lost their disks: they join from a snapshot while the others go on, and vote again."""

import asyncio
import shutil
from typing import Any

import pytest

from node.client import AsyncClient
from tests.e2e.network import Network, NodeProcess, veritwin, wait_for
from tests.e2e.test_trouble import register, telemetry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]
BLOCKS = 40


def soon(settings: dict[str, Any]) -> None:
    """A node that joins from a snapshot when it is only a little behind."""
    settings["catch_up"] = {"snapshot_interval_blocks": 8, "snapshot_behind_blocks": 16}


def load(network: Network, count: int, first: int = 0) -> None:
    """Let some transactions become final, one after the other, at the first node."""

    async def send() -> None:
        apis = network.apis[:1]
        async with AsyncClient(apis, network.genesis, network.key("alpha")) as client:
            if first == 0:
                await client.submit_and_wait(register())
            for number in range(first, first + count):
                await client.submit_and_wait(telemetry(number), 30)

    asyncio.run(send())


def metric(node: NodeProcess, name: str) -> float:
    from urllib.request import urlopen

    with urlopen(node.api + "/metrics", timeout=2) as answer:
        text = answer.read().decode()
    line = next(line for line in text.splitlines() if line.startswith(f"veritwin_{name} "))
    return float(line.split()[1])


def test_a_wiped_node_joins_from_a_snapshot_and_is_needed_again(stopped: Network) -> None:
    network, wiped = stopped, stopped.nodes[3]
    for node in network.nodes:
        node.change_settings(soon)
    network.start()
    load(network, BLOCKS)
    wiped.kill()
    shutil.rmtree(wiped.home / "database")
    load(network, 5, first=BLOCKS)
    wiped.start()
    wait_for(lambda: wiped.height >= network.nodes[0].height > 0, 30)
    assert metric(wiped, "base_height") >= 8
    assert "joined from a snapshot" in wiped.log.read_text()
    gone = wiped.get("/v1/blocks/1")
    assert gone["code"] == "VT-7014"
    assert network.agree()
    network.nodes[2].kill()
    load(network, 5, first=BLOCKS + 5)
    assert network.agree(), "without the one that was wiped there is no quorum now"


def test_a_node_that_lost_even_its_file_follows_in_silence_and_then_votes(
    stopped: Network,
) -> None:
    network, lost = stopped, stopped.nodes[3]
    network.start()
    load(network, 10)
    lost.kill()
    shutil.rmtree(lost.home / "database")
    (lost.home / "last-signed").unlink()
    lost.start()
    wait_for(lambda: lost.height >= network.nodes[0].height > 0, 30)
    reasons = lost.get("/readyz")["reasons"]
    assert any("This node does not vote" in reason for reason in reasons)
    load(network, 6, first=10)
    wait_for(lambda: lost.get("/readyz")["ready"], 30)
    network.nodes[2].kill()
    load(network, 3, first=16)


def test_a_stopped_node_is_pruned_only_as_far_as_it_may(stopped: Network) -> None:
    stopped.start()
    load(stopped, 3)
    node = stopped.nodes[3]
    refused = veritwin("node", "prune", "--home", node.home, "--retain-blocks", "2000")
    assert "VT-6002" in refused.err, "it runs"
    node.kill()
    few = veritwin("node", "prune", "--home", node.home, "--retain-blocks", "100")
    assert "VT-6030" in few.err
    done = veritwin("node", "prune", "--home", node.home, "--retain-blocks", "2000", "--json")
    assert done.json["kept_above"] == 0
    node.start()
    wait_for(lambda: node.height >= stopped.nodes[0].height > 0, 20)
