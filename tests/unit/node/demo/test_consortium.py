"""The running consortium, with servers that are no nodes and processes that are none either."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chain.errors import InvalidInput
from chain.keys import SigningKey
from chain.scalars import NodeName
from node.demo import consortium as module
from node.demo.cast import INSPECTOR, NAMES, OPERATOR, Cast
from node.demo.consortium import Agreement, Consortium
from node.founding import LocalNetwork, PlannedNode
from node.local.processes import LOG_NAME, NodeProcess
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import build_demo, seed_of

KEY = SigningKey(seed_of("borne-energie"))


class Ended:
    """The process of a stand-in; `code` None while it runs."""

    def __init__(self) -> None:
        self.returncode: int | None = None
        self.pid = 4711


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nodes start, die and stop without processes."""

    async def start(node: NodeProcess) -> None:
        node.process = Ended()  # type: ignore[assignment]

    async def kill(node: NodeProcess) -> None:
        node.process.returncode = -9  # type: ignore[union-attr, misc]

    async def stop_all(nodes: list[NodeProcess]) -> None:
        for node in nodes:
            if node.is_running:
                node.process.returncode = 0  # type: ignore[union-attr, misc]

    monkeypatch.setattr(NodeProcess, "start", start)
    monkeypatch.setattr(NodeProcess, "kill", kill)
    monkeypatch.setattr(module, "stop_all", stop_all)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Consortium, list[FakeNode]]]:
    """A consortium of two served nodes, each at the end of its own copy of one chain."""
    fakes = [FakeNode(chain=build_demo(), node=f"{name}-1") for name in (OPERATOR, INSPECTOR)]
    async with AsyncExitStack() as stack:
        planned = []
        for fake, organisation in zip(fakes, (OPERATOR, INSPECTOR), strict=True):
            address = await stack.enter_async_context(fake.serve())
            port = urlsplit(address).port
            assert port is not None
            node = NodeName(f"{organisation}-1")
            planned.append(PlannedNode(organisation, NAMES[organisation], node, 1, port))
        homes = {plan.node: tmp_path for plan in planned}
        network = LocalNetwork(fakes[0].genesis, tmp_path / "genesis.json", homes, {}, {})
        consortium = Consortium(Cast(tmp_path, network, tuple(planned), {}))
        yield consortium, fakes
        await consortium.stop()


async def test_start_waits_until_all_have_a_block(
    stage: tuple[Consortium, list[FakeNode]],
) -> None:
    consortium, _ = stage
    told: list[tuple[int, int]] = []
    await consortium.start(lambda up, ready: told.append((up, ready)))
    assert told[-1] == (2, 2)
    statuses = await consortium.statuses()
    assert [status["height"] for status in statuses.values() if status] == [7, 7]
    assert list(statuses) == ["borne-energie-1", "certis-1"]
    assert consortium.explorer == consortium.nodes[0].api + "/"


async def test_a_node_that_ends_at_the_start_is_named_with_its_reason(
    stage: tuple[Consortium, list[FakeNode]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consortium, _ = stage
    (tmp_path / LOG_NAME).write_text("why:  The disk is full.\n")

    async def start(node: NodeProcess) -> None:
        process: Any = Ended()
        process.returncode = 1 if node.name == "certis-1" else None
        node.process = process

    monkeypatch.setattr(NodeProcess, "start", start)
    with pytest.raises(InvalidInput) as caught:
        await consortium.start()
    assert caught.value.code == "VT-8013"
    assert caught.value.why == "certis-1 ended: The disk is full."


async def test_a_node_that_commits_nothing_is_not_waited_for_for_ever(
    stage: tuple[Consortium, list[FakeNode]], monkeypatch: pytest.MonkeyPatch
) -> None:
    consortium, _ = stage
    monkeypatch.setattr(module, "START_SECONDS", 0.0)
    monkeypatch.setattr(module, "_has_block", lambda _: False)
    with pytest.raises(InvalidInput, match=r"VT-8013: borne-energie-1 committed no block within"):
        await consortium.start()


async def test_nodes_are_killed_from_the_last_and_restarted_from_the_first(
    stage: tuple[Consortium, list[FakeNode]],
) -> None:
    consortium, _ = stage
    await consortium.start()
    about: list[str] = []
    killed = [await consortium.kill_one(about.append) for _ in range(3)]
    assert [node and node.name for node in killed] == ["certis-1", "borne-energie-1", None]
    assert about == ["certis-1", "borne-energie-1"]
    assert (await consortium.statuses())["certis-1"] is None
    started = [await consortium.restart_one() for _ in range(3)]
    assert [node and node.name for node in started] == ["borne-energie-1", "certis-1", None]


async def test_the_explorer_is_where_a_node_runs(
    stage: tuple[Consortium, list[FakeNode]],
) -> None:
    consortium, _ = stage
    await consortium.start()
    await consortium.nodes[0].kill()
    assert consortium.explorer == consortium.nodes[1].api + "/"


async def test_a_client_prefers_the_own_node_and_knows_all(
    stage: tuple[Consortium, list[FakeNode]],
) -> None:
    consortium, fakes = stage
    client = await consortium.client_for(INSPECTOR, KEY)
    assert (await client.status()).node == "certis-1"
    assert (await (await consortium.client_for(OPERATOR, KEY)).status()).node == "borne-energie-1"
    assert all(fake.submitted == 0 for fake in fakes)


async def test_roots_are_compared_at_the_height_that_all_have(
    stage: tuple[Consortium, list[FakeNode]],
) -> None:
    consortium, fakes = stage
    await consortium.start()
    fakes[0].chain.add_block()
    agreement = await consortium.compare_roots()
    assert (agreement.height, agreement.holds) == (7, True)
    assert agreement.describe() == "2 nodes agree on the state at height 7."
    await consortium.kill_one()
    alone = await consortium.compare_roots()
    assert (alone.height, list(alone.roots)) == (8, ["borne-energie-1"])


@pytest.mark.parametrize(
    ("agreement", "holds", "said"),
    [
        (
            Agreement(0, {}), None,
            "No node was running at the end, so there was nothing to compare.",
        ),
        (Agreement(5, {"a": "1"}), True, "One node reported the state at height 5."),
        (
            Agreement(5, {"a": "1", "b": "2"}), False,
            "2 nodes DISAGREE on the state at height 5.",
        ),
        (
            Agreement(5, {"a": "1", "b": "1"}, ("c",)), False,
            "2 nodes agree on the state at height 5; c did not answer.",
        ),
        (Agreement(0, {}, ("a", "b")), False, "a, b did not say in which state they are."),
    ],
)  # fmt: skip
def test_only_all_running_nodes_together_agree(
    agreement: Agreement, holds: bool | None, said: str
) -> None:
    assert agreement.holds is holds
    assert agreement.describe() == said
