"""What the watch tells: nodes that die, by a key or not, and a chain that stands still."""

import asyncio
from pathlib import Path

import pytest

from node.demo import watch as module
from node.demo.watch import Watch
from node.local.processes import LOG_NAME
from tests.unit.node.demo.fakes import FakeConsortium, FakeProcess, Heard, until


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def consortium(tmp_path: Path) -> FakeConsortium:
    made = FakeConsortium(tmp_path)
    await made.start(lambda _up, _ready: None)
    return made


@pytest.fixture
def watch(consortium: FakeConsortium, heard: Heard) -> Watch:
    return Watch(consortium, heard.scene, heard.reporter)  # type: ignore[arg-type]


async def test_a_look_tells_how_everything_is(watch: Watch, heard: Heard) -> None:
    heard.scene.open_orders, heard.scene.readings = 1, 28
    await watch.look()
    assert heard.events == [
        (
            "status",
            "2 of 2 nodes up, height 9, 4 updates/s, 1 open order",
            {
                "height": 9,
                "commit_latency_ms": 20,
                "updates_per_second": 4.0,
                "open_orders": 1,
                "nodes_up": 2,
                "reason": None,
                "data_time_ms": None,
                "readings": 28,
            },
        )
    ]
    assert heard.scene.explorer == "http://127.0.0.1:1/"


async def test_it_looks_again_and_again(
    watch: Watch, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    task = asyncio.create_task(watch.run())
    await until(lambda: len(heard.events) >= 3)
    task.cancel()


async def test_keys_kill_and_restart_one_node_each(watch: Watch, heard: Heard) -> None:
    for _ in range(3):
        await watch.kill()
        await watch.look()
    for _ in range(3):
        await watch.restart()
        await watch.look()
    told = [(name, text) for name, text, _ in heard.events if name != "status"]
    assert told == [
        ("node_killed", "bolt-1 was killed."),
        ("node_killed", "acme-1 was killed."),
        ("stalled", "No progress. All nodes are down."),
        ("nothing_to_kill", "All nodes are down already."),
        ("node_restarted", "acme-1 was started again."),
        ("resumed", "Blocks are committed again."),
        ("node_restarted", "bolt-1 was started again."),
        ("nothing_to_restart", "All nodes run already."),
    ]
    assert not watch.has_failure


async def test_a_chain_that_stands_still_is_told_once_with_its_reason(
    watch: Watch, heard: Heard, consortium: FakeConsortium
) -> None:
    consortium.reasons = ["2 of 4 are gone."]
    await watch.look()
    consortium.reasons = ["3 of 4 are gone."]
    await watch.look()
    consortium.reasons = []
    await watch.look()
    told = [(name, values) for name, _, values in heard.events if name != "status"]
    assert told == [("stalled", {"reason": "2 of 4 are gone."}), ("resumed", {})]


@pytest.mark.parametrize(
    ("code", "text", "has_failure"),
    [
        (1, "bolt-1 failed: No room.", True),
        (-11, "bolt-1 failed: No room.", True),
        (-9, "bolt-1 was stopped from outside.", False),
        (0, "bolt-1 was stopped from outside.", False),
    ],
)
async def test_a_node_that_ends_by_itself_is_told_once(
    watch: Watch,
    heard: Heard,
    consortium: FakeConsortium,
    tmp_path: Path,
    code: int,
    text: str,
    has_failure: bool,
) -> None:
    (tmp_path / LOG_NAME).write_text("why:  No room.\n")
    consortium.nodes[1].process = FakeProcess(code)  # type: ignore[assignment]
    await watch.look()
    await watch.look()
    told = [event for event in heard.events if event[0] != "status"]
    assert told == [("node_ended", text, {"name": "bolt-1", "exit_code": code})]
    assert watch.has_failure is has_failure
