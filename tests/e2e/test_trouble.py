"""Nodes die, all of them even: what was called final stays, and what can go on goes on."""

import asyncio
import signal
import statistics
import time
from pathlib import Path

import pytest

from chain.operations import PropertyDefinition, Reading, RegisterTwin, Telemetry, TwinReadings
from chain.scalars import TwinId, UnixMillis
from node.client import AsyncClient
from node.clock import now_ms
from tests.e2e.network import Network, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
TWIN = TwinId("pump-1")


def register() -> RegisterTwin:
    return RegisterTwin(TWIN, "system", "pump", None, (PropertyDefinition("flow", "MQH"),))


def telemetry(number: int, count: int = 1) -> Telemetry:
    start = now_ms() - 1_000_000 + number * count
    readings = tuple(
        Reading("flow", f"{number}.{index}", UnixMillis(start + index), "MQH")
        for index in range(count)
    )
    return Telemetry((TwinReadings(TWIN, readings),))


def test_a_lone_transaction_is_final_quickly(network: Network) -> None:
    async def measure() -> list[float]:
        took = []
        async with AsyncClient(network.apis, network.genesis, network.key("alpha")) as client:
            await client.submit_and_wait(register())
            for number in range(40):
                began = time.perf_counter()
                await client.submit_and_wait(telemetry(number))
                took.append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(0.02)
        return took

    took = asyncio.run(measure())
    print(f"p50 {statistics.median(took):.1f} ms, p95 {sorted(took)[37]:.1f} ms")
    assert statistics.median(took) < 150  # The aim is 50; the machine may be busy.


def test_one_node_down_does_not_stop_commits_and_it_catches_up(network: Network) -> None:
    async def load(count: int) -> None:
        async with AsyncClient(network.apis[:2], network.genesis, network.key("alpha")) as client:
            for number in range(count):
                await client.submit_and_wait(telemetry(number), 20)

    async def begin() -> None:
        async with AsyncClient(network.apis, network.genesis, network.key("alpha")) as client:
            await client.submit_and_wait(register())

    asyncio.run(begin())
    network.nodes[3].kill()
    before = network.nodes[0].height
    asyncio.run(load(10))
    assert network.nodes[0].height >= before + 5
    network.nodes[3].start()
    wait_for(lambda: network.nodes[3].height >= network.nodes[0].height > 0, 20)
    assert network.agree()


def test_two_of_four_down_stop_commits_and_say_why(network: Network) -> None:
    network.nodes[2].kill()
    network.nodes[3].kill()
    node = network.nodes[0]
    reasons: list[str] = wait_for(lambda: (node.get("/readyz") or {}).get("reasons", []), 20)
    assert reasons[0].startswith("2 of 4 validators are not reachable from here: ")
    assert "gamma-1 (gamma), delta-1 (delta); 3 must agree on a block." in reasons[0]
    height = node.height
    time.sleep(3)
    assert node.height <= height + 1
    network.nodes[2].start()
    wait_for(lambda: node.height > height + 1, 30)
    wait_for(lambda: node.get("/readyz")["ready"], 20)


def test_killing_all_nodes_under_load_loses_nothing_final(network: Network) -> None:
    final: list[str] = []

    async def load() -> None:
        async with AsyncClient(network.apis, network.genesis, network.key("alpha")) as client:
            await client.submit_and_wait(register())

            async def one(worker: int) -> None:
                for number in range(1_000):
                    status = await client.submit_and_wait(telemetry(worker * 1_000 + number), 30)
                    final.append(status.id)

            try:
                async with asyncio.timeout(6):
                    async with asyncio.TaskGroup() as tasks:
                        for worker in range(8):
                            tasks.create_task(one(worker))
            except TimeoutError:
                pass

    async def load_and_kill() -> None:
        async with asyncio.TaskGroup() as tasks:
            loading = tasks.create_task(load())
            await asyncio.sleep(4)
            for node in network.nodes:
                assert node.process is not None
                node.process.send_signal(signal.SIGKILL)
            loading.cancel()

    asyncio.run(load_and_kill())
    assert len(final) > 20
    for node in network.nodes:
        assert node.process is not None
        node.process.wait(10)
        node.start()
    wait_for(lambda: all(node.height >= 1 for node in network.nodes), 30)
    wait_for(lambda: len({node.height for node in network.nodes}) == 1, 30)
    for node in network.nodes:
        for id_ in final:
            found = node.get(f"/v1/transactions/{id_}")
            assert found["state"] == "final", (node.name, found)
    assert network.agree()


def test_logs_hold_no_secret(network: Network, tmp_path: Path) -> None:
    secrets = {network.key(name).seed.hex() for name in ("alpha", "beta", "gamma", "delta")}
    for node in network.nodes:
        text = (node.home / "node.log").read_text()
        assert not any(secret in text for secret in secrets)
        assert "PRIVATE KEY" not in text
