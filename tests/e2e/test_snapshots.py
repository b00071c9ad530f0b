"""A node that lost its database joins a long chain from a snapshot, follows, and votes again.

`TRANSACTIONS` in the environment chooses how long the long chain is.
"""

import asyncio
import os
import shutil
import time
from typing import Any

import pytest

from chain.operations import PropertyDefinition, Reading, RegisterTwin, Telemetry, TwinReadings
from chain.scalars import TwinId, UnixMillis
from node.client import AsyncClient
from node.clock import now_ms
from tests.e2e.marks import raft_in_long
from tests.e2e.network import Network, NodeProcess
from tests.e2e.running import SLOW, last_voted, say, until
from tests.e2e.watchers import base_of

pytestmark = pytest.mark.e2e
TRANSACTIONS = int(os.environ.get("TRANSACTIONS", "100000"))
TRANSACTIONS_SHORT = 1_500
TWINS = tuple(TwinId(f"pump-{number}") for number in range(50))
AT_ONCE = 500
WAITING_MAX = 4_000
JOIN_SECONDS = 30.0 * SLOW


def telemetry(number: int, start_ms: int) -> Telemetry:
    reading = Reading("flow", str(number), UnixMillis(start_ms + number), "MQH")
    return Telemetry((TwinReadings(TWINS[number % len(TWINS)], (reading,)),))


async def lengthen(network: Network, transactions: int) -> None:
    """Put so many transactions into the chain, each a reading of one of many twins."""
    start_ms = now_ms() - 10_000_000
    flow = (PropertyDefinition("flow", "MQH"),)
    async with AsyncClient(network.apis, network.genesis, network.key("alpha")) as client:
        for twin in TWINS:
            await client.submit_and_wait(RegisterTwin(twin, "system", "pump", None, flow))
        began = time.monotonic()
        for first in range(0, transactions, AT_ONCE):
            await client.submit_many(
                [telemetry(first + index, start_ms) for index in range(AT_ONCE)]
            )
            await reach(network.nodes[0], first + AT_ONCE - WAITING_MAX)
            if first % (10 * AT_ONCE) == 0:
                say(f"{total(network.nodes[0])} of {transactions} transactions")
        await until(lambda: min(map(total, network.nodes)) >= transactions + len(TWINS), 120)
        took = time.monotonic() - began
        say(f"{transactions} transactions in {took:.0f} s, height {network.height}")


def total(node: NodeProcess) -> int:
    """Give how many transactions a node's chain has; 0 when it does not answer."""
    status = node.get("/v1/status")
    return int(status["transactions_total"]) if status else 0


async def reach(node: NodeProcess, transactions: int) -> None:
    """Wait until a node's chain has so many transactions."""
    await until(lambda: total(node) >= transactions, 120)


async def trickle(network: Network, number: int) -> None:
    """Go on with a little load, so that the head moves and there is something to vote on."""
    start_ms = now_ms()
    async with AsyncClient(network.apis[:3], network.genesis, network.key("alpha")) as client:
        while True:
            await client.submit_and_wait(telemetry(number, start_ms - number), 60)
            number += 1
            await asyncio.sleep(0.05)


async def wipe_and_join(network: Network, transactions: int, *, with_guard: bool) -> None:
    """Wipe a node of a chain of so many transactions and look when it is there again.

    Args: with_guard: the file that keeps it from signing twice is lost, too.
    """
    await lengthen(network, transactions)
    node = network.nodes[3]
    await asyncio.to_thread(node.kill)
    shutil.rmtree(node.home / "database")
    if with_guard:
        (node.home / "last-signed").unlink()
    async with asyncio.TaskGroup() as tasks:
        load = tasks.create_task(trickle(network, transactions))
        height = await until(lambda: network.height)
        began = time.monotonic()
        node.start()
        await until(lambda: node.height >= height)
        joined = time.monotonic() - began
        base = base_of(node)
        await until(lambda: last_voted(network, node.name) > height)
        voted = time.monotonic() - began
        say(
            f"joined a chain of {transactions} transactions and {height} blocks in {joined:.1f} s, "
            f"from a snapshot at {base}; votes after {voted:.1f} s"
        )
        load.cancel()
    await until(lambda: len({each.height for each in network.nodes}) == 1 and network.agree())
    assert base > 0, "it has fetched every block"
    assert joined < JOIN_SECONDS
    for twin in TWINS[:5]:
        views = [each.get(f"/v1/twins/{twin}") for each in network.nodes]
        assert all(view == views[0] for view in views), views


def soon(settings: dict[str, Any]) -> None:
    settings["catch_up"] = {
        "snapshot_interval_blocks": 4,
        "snapshot_behind_blocks": 8,
        "snapshot_behind_transactions": TRANSACTIONS_SHORT // 2,
    }


@raft_in_long
@pytest.mark.timeout(300)
def test_a_wiped_node_joins_from_a_snapshot(stopped: Network) -> None:
    for node in stopped.nodes:
        node.change_settings(soon)
    stopped.start()
    asyncio.run(wipe_and_join(stopped, TRANSACTIONS_SHORT, with_guard=False))


@pytest.mark.long
@pytest.mark.timeout(TRANSACTIONS / 50 + 600)
@pytest.mark.parametrize("with_guard", [False, True], ids=["database", "everything"])
def test_a_wiped_node_joins_a_long_chain_from_a_snapshot(
    network: Network, with_guard: bool
) -> None:
    asyncio.run(wipe_and_join(network, TRANSACTIONS, with_guard=with_guard))
