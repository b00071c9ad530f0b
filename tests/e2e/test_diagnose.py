"""Each cause is brought about in real processes, and `veritwin diagnose` must name it."""

import asyncio
import shutil
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from chain.operations import AnyOperation, PropertyDefinition, Reading, RegisterTwin, Telemetry
from chain.operations import TwinReadings as Batch
from chain.scalars import TwinId, UnixMillis
from contracts.state_keys import twin_key
from node.client import AsyncClient
from node.clock import now_ms
from node.diagnosis.scene import DEAF_MS
from node.replica.ports import Column, Put, WriteBatch
from node.storage.rocks import RocksStore
from tests.e2e.network import CommandResult, Network, NodeProcess, veritwin, wait_for
from tests.e2e.proxy import wired
from tests.unit.node.diagnosis.liar import flip_headers, lying

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
both_engines = pytest.mark.parametrize("engine", ["bft", "raft"])
TWIN = TwinId("pump-1")
SKEW_MS = -7_000
PATIENT_MS = 600_000
ROOT = Path(__file__).parents[2]
ODD = Path(__file__).parent / "odd"

Found = dict[str, dict[str, Any]]


def diagnose(*words: str | Path) -> CommandResult:
    return veritwin("diagnose", "--timeout", "2", *words)


def findings(network: Network) -> list[dict[str, Any]]:
    """What is found now."""
    done = diagnose("--network", network.folder, "--json")
    assert done.code in (0, 1, 7), done.err
    found = done.json["findings"]
    assert (done.code == 0) == (found == []), done.out
    return list(found)


def wait_for_codes(network: Network, *codes: str, seconds: float = 40) -> Found:
    """Ask until exactly these findings are left, one of each code; gives them by code."""

    def look() -> tuple[Found] | None:
        found = findings(network)
        is_all = sorted(one["code"] for one in found) == sorted(codes)
        return ({one["code"]: one for one in found},) if is_all else None

    (found,) = wait_for(look, seconds) or ({},)
    return found


async def find(network: Network, *codes: str) -> Found:
    """Do what `wait_for_codes` does, while wires carry what nodes say."""
    return await asyncio.to_thread(wait_for_codes, network, *codes)


def make_odd(node: NodeProcess, setting: str) -> None:
    """Make a node's process odd, as `odd/sitecustomize.py` says."""
    node.prefix = ("env", f"PYTHONPATH={ODD}:{ROOT}", setting)


def since_s(finding: dict[str, Any]) -> float:
    """How long ago a finding began."""
    since_ms = finding["since_ms"]
    assert isinstance(since_ms, int)
    return (now_ms() - since_ms) / 1000


def send(network: Network, nodes: Iterable[NodeProcess], *operations: AnyOperation) -> None:
    async def submit() -> None:
        apis = [node.api for node in nodes]
        async with AsyncClient(apis, network.genesis, network.key("alpha")) as client:
            for operation in operations:
                await client.submit_and_wait(operation, 30)

    asyncio.run(submit())


def telemetry(number: int) -> Telemetry:
    reading = Reading("flow", f"{number}", UnixMillis(now_ms() - 1_000), "MQH")
    return Telemetry((Batch(TWIN, (reading,)),))


def register() -> RegisterTwin:
    return RegisterTwin(TWIN, "system", "pump", None, (PropertyDefinition("flow", "MQH"),))


@both_engines
def test_killed_nodes_are_named_and_a_lost_quorum_says_who_must_come_back(
    network: Network,
) -> None:
    wait_for_codes(network)
    calm = diagnose("--network", network.folder)
    assert calm.code == 0
    assert calm.out.startswith("Healthy: 4 of 4 nodes, height ")
    assert len(calm.out.splitlines()) == 1

    delta, gamma = network.nodes[3], network.nodes[2]
    delta.kill()
    missing = wait_for_codes(network, "VT-8111")["VT-8111"]
    assert missing["nodes"] == ["delta-1"]
    assert 0 <= since_s(missing) < 30
    assert "refuses connections, so it does not run" in missing["evidence"][0]
    alone = diagnose("--nodes", network.nodes[0].api, "--json")
    assert [one["nodes"] for one in alone.json["findings"]] == [["delta-1"]]

    gamma.kill()
    lost = wait_for_codes(network, "VT-8104")["VT-8104"]
    assert lost["nodes"] == ["gamma-1", "delta-1"]
    assert "2 of 4 validators are connected, 3 must agree." in lost["what"]
    assert 0 <= since_s(lost) < since_s(missing)

    for node in (gamma, delta):
        node.start()
    wait_for_codes(network)
    for node in network.nodes:
        node.kill()
    dead = diagnose("--network", network.folder, "--json")
    assert dead.code == 7
    (finding,) = dead.json["findings"]
    assert (finding["code"], len(finding["nodes"])) == ("VT-8104", 4)


@both_engines
def test_a_member_that_cannot_vote_is_named_and_missed(network: Network, engine: str) -> None:
    wait_for_codes(network)
    gamma, delta = network.nodes[2], network.nodes[3]
    for node in (gamma, delta):
        node.kill()
    shutil.rmtree(delta.home / "database")
    (delta.home / "last-signed").unlink()
    delta.start()
    code = "VT-8141" if engine == "bft" else "VT-8142"
    found = wait_for_codes(network, "VT-8104", code)
    assert found["VT-8104"]["nodes"] == ["gamma-1", "delta-1"]
    assert found[code]["nodes"] == ["delta-1"]
    assert network.nodes[0].get("/readyz")["reasons"][0] == (
        "1 of 4 validators are not reachable from here: gamma-1 (gamma), and 1 cannot vote: "
        "delta-1 (delta); 3 must agree on a block."
    )
    gamma.start()
    wait_for_codes(network, *(() if engine == "bft" else (code,)), seconds=90)


@both_engines
def test_who_shows_blocks_that_nobody_signed_is_named_alone(network: Network) -> None:
    async def run() -> None:
        async with lying(network.nodes[3].api, flip_headers) as url:
            nodes = ",".join([*network.apis[:3], url])
            done = await asyncio.to_thread(diagnose, "--nodes", nodes, "--json")
            assert done.code == 1
            (finding,) = done.json["findings"]
            assert (finding["code"], finding["nodes"]) == ("VT-8140", ["delta-1"])

    wait_for_codes(network)
    asyncio.run(run())


def test_a_paused_node_is_told_from_a_dead_one(network: Network) -> None:
    wait_for_codes(network)
    beta = network.nodes[1]
    beta.pause()
    try:
        missing = wait_for_codes(network, "VT-8111")["VT-8111"]
    finally:
        beta.resume()
    assert missing["nodes"] == ["beta-1"]
    assert "does not answer (no answer within 2 s)" in missing["evidence"][0]
    wait_for_codes(network)


def test_a_clock_that_is_off_is_named_with_how_far_and_which_way(stopped: Network) -> None:
    make_odd(stopped.nodes[2], f"SKEW_MS={SKEW_MS}")
    stopped.start()
    wrong = wait_for_codes(stopped, "VT-8115")["VT-8115"]
    assert wrong["nodes"] == ["gamma-1"]
    words = wrong["what"].split()
    assert words[:6] == ["The", "clock", "of", "gamma-1", "(gamma)", "is"]
    assert abs(int(words[6]) + SKEW_MS) < 500
    assert words[7:9] == ["ms", "behind"]


def test_a_wire_that_is_cut_one_way_is_named_with_its_direction(stopped: Network) -> None:
    """A connection that is half dead is given up after some seconds; here it is kept."""
    make_odd(stopped.nodes[0], f"SILENCE_MS={PATIENT_MS}")

    async def run() -> None:
        alpha, beta, *_ = (node.name for node in stopped.nodes)
        async with wired(stopped) as wires:
            await find(stopped)
            wires.cut(beta, receivers=(alpha,))
            half = (await find(stopped, "VT-8114"))["VT-8114"]
            assert half["nodes"] == [beta, alpha]
            assert since_s(half) >= DEAF_MS / 1000
            wires.mend()
            await find(stopped)

    asyncio.run(run())


def test_cut_wires_are_named_by_pair_and_node(stopped: Network) -> None:
    async def run() -> None:
        alpha, beta, gamma, delta = (node.name for node in stopped.nodes)
        async with wired(stopped) as wires:
            await find(stopped)
            wires.cut(beta, receivers=(alpha,))  # Alpha gives the connection up, which ends it.
            assert (await find(stopped, "VT-8113"))["VT-8113"]["nodes"] == [alpha, beta]
            wires.mend()
            await find(stopped)
            wires.part((alpha, beta, gamma), (delta,))
            assert (await find(stopped, "VT-8112"))["VT-8112"]["nodes"] == [delta]
            wires.mend()
            await find(stopped)
            wires.part((alpha, beta), (gamma, delta))
            halves = (await find(stopped, "VT-8105"))["VT-8105"]
            assert "alpha-1 and beta-1; delta-1 and gamma-1" in halves["what"]
            wires.mend()
            await find(stopped)

    asyncio.run(run())


@both_engines
def test_a_damaged_state_is_named_with_node_height_and_key(network: Network) -> None:
    healthy, delta = network.nodes[:3], network.nodes[3]
    send(network, healthy, register(), telemetry(1))
    wait_for(lambda: delta.height == network.nodes[0].height)
    delta.kill(signal.SIGTERM)
    with RocksStore(delta.home / "database") as store:
        record = store.get(Column.STATE, twin_key(TWIN))
        assert record is not None
        assert record.count(b"\xa4pump") == 1
        wrong = Put(Column.STATE, twin_key(TWIN), record.replace(b"\xa4pump", b"\xa4pomp"))
        store.write(WriteBatch((wrong,)), sync=True)
    delta.start()
    wait_for_codes(network)

    send(network, healthy, telemetry(2))
    wait_for(lambda: not delta.is_running)
    (parted,) = findings(network)
    assert parted["code"] == "VT-8102"
    height = parted["what"].split("height ")[1].split(":")[0]
    block = healthy[0].get(f"/v1/blocks/{height}")
    assert [one["operation"] for one in block["transactions"]] == ["telemetry"]
    assert parted["nodes"] == ["delta-1", "alpha-1"]
    assert parted["what"].endswith("the first key that differs is twin/pump-1.")
    holds = "its own disk holds other values than the signed state: twin/pump-1"
    assert holds in parted["evidence"]

    alone = diagnose("--home", delta.home)
    assert alone.code == 7
    told = " ".join(alone.out.split())
    assert f"at height {height}: its disk holds another value of twin/pump-1." in told

    # The next start says it too, and the cure is what the finding says.
    delta.start()
    wait_for(lambda: not delta.is_running)
    assert "this node stopped by itself before" in delta.log.read_text()
    assert "damaged=" in delta.log.read_text()
    (delta.home / "database").rename(delta.home / "database.wrong")
    delta.start()
    wait_for_codes(network)
    assert (delta.home / "alarm.past.json").exists()
    assert network.agree()
