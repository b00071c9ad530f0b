"""A node as a process: what its API says of it, and how it starts and stops."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from chain.errors import Corruption, InvalidInput
from chain.genesis import genesis_to_json
from chain.scalars import Hash, NodeName
from contracts.conformance import compute_engine_id
from node import service
from node.alarm import AlarmFile, load_alarm
from node.config import ApiConfig, NodeConfig
from node.local.ports import choose_ports
from node.metrics import Metrics
from node.opening import open_node
from node.runtime import Runtime
from node.service import NodeApi
from tests.unit.node.conftest import IdleExecutor, Place, found

NOWHERE = Hash(bytes(32))
SECONDS = 10


def build(config: NodeConfig) -> Runtime:
    executor = IdleExecutor()
    return Runtime(open_node(config, executor), executor, Metrics("test", with_process=False))


class Served:
    """A node that serves, asked as strangers ask."""

    def __init__(self, runtime: Runtime, session: aiohttp.ClientSession) -> None:
        self.runtime = runtime
        self.session = session

    async def get(self, path: str) -> tuple[int, Any]:
        """Give the status and JSON of an answer."""
        async with self.session.get(path) as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def serving(place: Place, *, stop_on_eof: bool = False) -> AsyncIterator[Served]:
    """Serve a node of one member; at the end of the block it must stop by itself."""
    (port,) = choose_ports(1)
    config = replace(place.config, api=ApiConfig(port=port))
    runtime = build(config)
    task = asyncio.create_task(service._serve(config, runtime, stop_on_eof=stop_on_eof))
    async with asyncio.timeout(SECONDS):
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            served = Served(runtime, session)
            while not await _has_block(served, task):  # noqa: ASYNC110 - nobody tells it here
                await asyncio.sleep(0.01)
            yield served
        await task
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://127.0.0.1:{port}/livez")


async def _has_block(served: Served, task: asyncio.Task[None]) -> bool:
    assert not task.done(), task
    try:
        status, body = await served.get("/v1/status")
    except aiohttp.ClientConnectorError:
        return False
    # The block is on the disk a moment before the node has told itself.
    return status == 200 and body["height"] >= 1 and body["ready"]


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def test_a_node_decides_alone_and_says_how_it_is(alone: Place) -> None:
    async with serving(alone) as served:
        status, shown = await served.get("/v1/status")
        assert status == 200
        assert (shown["node"], shown["organisation"]) == ("acme-1", "acme")
        assert (shown["chain_id"], shown["engine"]) == ("test", "bft")
        assert (shown["ready"], shown["reasons"], shown["peers"]) == (True, [], [])
        assert shown["last_commit_ms"] is not None
        assert await served.get("/readyz") == (200, {"ready": True, "reasons": []})
        stop()


async def test_a_transaction_goes_from_post_to_final(alone: Place) -> None:
    async with serving(alone) as served:
        transaction = alone.sign()
        async with served.session.post(
            "/v1/transactions?wait=final",
            data=transaction.raw,
            headers={"Content-Type": "application/msgpack"},
        ) as answer:
            body = await answer.json()
        assert (answer.status, body["state"], body["code"]) == (200, "final", None)
        assert body["id"] == transaction.id.hex()
        _, twin = await served.get("/v1/twins/T0")
        assert (twin["owner"], twin["model"]) == ("acme", "turbine")
        _, genesis = await served.get("/v1/genesis")
        assert genesis["chain_id"] == "test"
        api = NodeApi(served.runtime)
        assert await api.wait_final(NOWHERE, 0.01) is False
        assert (api.pending(NOWHERE), api.expired(NOWHERE)) == (None, False)
        stop()


async def test_what_is_refused_has_a_code_and_is_counted(alone: Place) -> None:
    async with serving(alone) as served:
        api = NodeApi(served.runtime)
        (refusal,) = await api.submit((alone.sign(expiry=999_999).raw,))
        assert isinstance(refusal, InvalidInput)
        assert refusal.code == "VT-2004"
        metrics = served.runtime.metrics.render().decode()
        assert 'outcome="VT-2004"' in metrics
        stop()


async def test_a_node_stops_when_its_parent_dies(
    alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = os.pipe()
    with os.fdopen(near) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        async with serving(alone, stop_on_eof=True) as served:
            os.write(far, b"words do not stop it")
            assert (await served.get("/livez"))[0] == 200
            os.close(far)


async def test_a_port_in_use_ends_the_node_and_leaves_its_store_closed(alone: Place) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = replace(alone.config, api=ApiConfig(port=other.getsockname()[1]))
        with pytest.raises(ExceptionGroup) as caught:
            await service._serve(config, build(config), stop_on_eof=False)
    assert caught.group_contains(OSError, match="address already in use")
    build(config).opened.store.close()  # It can be opened again.


async def test_peers_are_described_by_their_place_in_genesis(tmp_path: Path) -> None:
    network = found(tmp_path / "network", "acme", "bolt")
    config = service.load_config(network.homes[NodeName("acme-1")] / "node.yaml")
    runtime = build(config)
    try:
        api = NodeApi(runtime)
        status = api.status()
    finally:
        runtime.opened.store.close()
        runtime.opened.signed_file.close()
    (peer,) = status.peers
    assert (peer.node, peer.organisation, peer.is_connected) == ("bolt-1", "bolt", False)
    assert (peer.height, peer.last_seen_ms) == (None, None)
    assert api.last_commit_ms is None
    assert status.reasons[0].startswith("1 of 2 validators are not reachable from here: bolt-1")


def test_a_missing_settings_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="VT-8001"):
        service.run_node(tmp_path / "node.yaml")


def test_a_fault_is_written_down_before_the_node_is_gone(
    alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = alone.config.home_path

    def fail(config: NodeConfig, alarms: AlarmFile, *, stop_on_eof: bool) -> None:
        raise ExceptionGroup("tasks", [Corruption("VT-6005", path="disk", reason="it broke")])

    with monkeypatch.context() as patched:
        patched.setattr(service, "_run", fail)
        patched.setattr(service, "set_up_logs", lambda *_: None)
        with pytest.raises(ExceptionGroup):
            service.run_node(home / "node.yaml")
    found = load_alarm(home)
    assert found is not None
    assert (found.node, found.code, found.height) == ("acme-1", "VT-6005", None)
    assert found.version == version(service.PACKAGE)


def test_a_node_does_not_join_a_chain_of_another_contract_engine(
    alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = alone.config
    assert alone.network.genesis.contract_engine == compute_engine_id()
    other = replace(alone.network.genesis, contract_engine=Hash(b"e" * 32))
    config.genesis_path.write_bytes(genesis_to_json(other))
    monkeypatch.setattr(service, "set_up_logs", lambda *_: None)
    with pytest.raises(InvalidInput, match=r"^VT-4010: "):
        service.run_node(config.home_path / "node.yaml")
    assert not config.database_path.exists()


async def test_consensus_and_machine_are_described(alone: Place) -> None:
    async with serving(alone) as served:
        _, shown = await served.get("/v1/consensus")
        assert (shown["node"], shown["quorum"], shown["round"]) == ("acme-1", 1, 0)
        (own,) = shown["validators"]
        assert (own["is_self"], own["last_vote"]["kind"]) == (True, "precommit")
        assert shown["committed_ms"] is not None
        _, shown = await served.get("/v1/machine")
        assert shown["disk_free_bytes"] > 0
        assert [one["name"] for one in shown["certificates"]] == ["node acme-1", "CA of acme"]
        stop()
