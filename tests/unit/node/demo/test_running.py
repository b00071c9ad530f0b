"""A whole run of the demo, on a consortium without nodes."""

import asyncio
import io
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.errors import ChainError, InvalidInput
from chain.operations import Telemetry
from chain.scalars import UnixMillis
from chain.transaction import Transaction
from node.api.views.transactions import SubmitAnswer
from node.demo import running as module
from node.demo.cast import make_cast, plan_nodes
from node.demo.consortium import Agreement
from node.demo.display import Display
from node.demo.options import DemoOptions
from node.demo.running import RunningDemo
from node.ingest.csv_source import RowError
from node.ingest.source import Feed
from tests.unit.node.demo.fakes import FakeConsortium, Heard, make_feed, make_record, until

OPTIONS = DemoOptions(
    nodes=2,
    data="csv:press.csv",
    speed=1e9,
    home=None,
    port=0,
    ready_file=None,
    seconds=None,
    opens_browser=False,
    as_json=True,
)
FEED = make_feed([make_record(minute) for minute in range(20)])


class Run:
    """A demo that can be run, and all that can be asked about it."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        feed: Feed | None = FEED,
        **options: Any,
    ) -> None:
        self.heard = Heard()
        self.consortium = FakeConsortium(folder)
        self.keys: Callable[[str], None] = lambda _: None
        monkeypatch.setattr(module, "Consortium", lambda _: self.consortium)
        monkeypatch.setattr(module, "URGENT_SECONDS", 0.05)
        monkeypatch.setattr(module, "ARRIVE_SECONDS", 0.1)
        cast = make_cast(folder, plan_nodes(2, 0), feed, UnixMillis(1_700_000_000_000))
        self.demo = RunningDemo(
            replace(OPTIONS, **options),
            cast,
            feed,
            self.heard.scene,
            self.heard.reporter,
            Display("json", io.StringIO()),
        )

    async def until(self, event: str) -> None:
        """Wait until an event was told."""
        await until(lambda: event in self.heard.names)

    async def play(self, last: str = "data_finished") -> int:
        """Run until an event was told, and then press q."""
        running = asyncio.create_task(self.demo.run())
        await self.until(last)
        self.demo._on_key("q")
        return await running

    def summary(self) -> dict[str, Any]:
        """What the last event says."""
        name, _, values = self.heard.events[-1]
        assert name == "summary"
        return values


Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda *args, **options: Run(tmp_path, monkeypatch, *args, **options)


async def test_a_demo_plays_its_data_and_tells_what_became_of_it(
    make: Make, tmp_path: Path
) -> None:
    run = make(ready_file=tmp_path / "ready.json")
    assert await run.play() == 0
    told = [name for name in run.heard.names if name not in ("status", "step")]
    assert told == ["ready", "set_up", "data_finished", "summary"]
    summary = run.summary()
    assert summary["readings_sent"] == 20
    assert summary["state_roots_agree"] is True
    assert (summary["refused"], summary["bad_rows"], summary["readings_unsettled"]) == ({}, {}, 0)
    sent = [one for one in run.consortium.client.final if isinstance(one, Telemetry)]
    assert sum(len(one.batches[0].readings) for one in sent) == 20
    assert run.consortium.stopped == 1
    ready = json.loads((tmp_path / "ready.json").read_text())
    assert ready == next(values for name, _, values in run.heard.events if name == "ready")
    assert [set(node) for node in ready["nodes"]] == [{"name", "org", "api", "pid", "home"}] * 2
    assert ready["explorer"] == "http://127.0.0.1:1/"
    assert ready["chain_id"] == "haute-borne"
    assert ready["identities"]["inspector"].endswith("/keys/inspector.json")
    assert run.demo.describe_end()[:1] == ["2 nodes agree on the state at height 9."]


async def test_the_scene_shows_the_play(make: Make) -> None:
    run = make()
    await run.play()
    scene = run.heard.scene
    assert (scene.data_name, scene.data_share, scene.is_data_finished) == ("press.csv", 1.0, True)
    assert (scene.readings, scene.step) == (20, "")
    assert scene.steps_done == [
        "Starting 2 nodes and waiting for the first block",
        "Registering keys, twins and contract",
    ]
    assert scene.suggestions[1] == "veritwin twins show press-7"


@pytest.mark.parametrize("seconds", [0.0, 0.05])
async def test_a_demo_ends_when_its_time_is_up(make: Make, seconds: float) -> None:
    run = make(seconds=seconds)
    assert await run.demo.run() == 0
    assert run.summary()["height"] == 9


async def test_q_ends_the_demo_in_good_order(make: Make) -> None:
    run = make()
    assert await run.play() == 0
    assert run.consortium.compared_within == [module.COMPARE_SECONDS]


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C reach this process, which a script may have started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
async def test_ctrl_c_ends_it_quickly_with_its_own_exit_code(make: Make) -> None:
    run = make()
    running = asyncio.create_task(run.demo.run())
    await run.until("set_up")
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 130
    assert run.consortium.compared_within == [0.05]
    assert run.consortium.stopped == 1


@pytest.mark.usefixtures("heeds_ctrl_c")
async def test_ctrl_c_during_the_start_ends_it_at_once(make: Make) -> None:
    run = make()
    run.consortium.can_start.clear()
    running = asyncio.create_task(run.demo.run())
    await run.until("step")
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 130
    assert run.consortium.stopped == 1
    assert run.demo.describe_end() == ["Stopped before the first block."]
    assert "summary" not in run.heard.names


async def test_readings_that_do_not_arrive_in_time_are_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make()
    client = run.consortium.client
    hand_in = client.send_many

    async def hold_telemetry(transactions: Sequence[Transaction]) -> list[SubmitAnswer]:
        if any(isinstance(one.body.operation, Telemetry) for one in transactions):
            client.may_pass.clear()
        return await hand_in(transactions)

    monkeypatch.setattr(client, "send_many", hold_telemetry)
    running = asyncio.create_task(run.demo.run())
    await until(lambda: not client.may_pass.is_set())
    run.demo._on_key("q")
    assert await running == 0
    summary = run.summary()
    unsettled = summary["readings_unsettled"]
    assert 0 < unsettled <= 20 - summary["readings_sent"]
    told = f"On their way at the end: {module.count(unsettled, 'reading')}."
    assert told in run.demo.describe_end()


async def test_keys_kill_and_restart_one_after_the_other(make: Make) -> None:
    run = make()
    run.consortium.can_start.clear()
    running = asyncio.create_task(run.demo.run())
    await run.until("step")
    run.demo._on_key("k")  # Before the start is over keys do nothing.
    run.consortium.can_start.set()
    await run.until("set_up")
    for key in "kkkxrr":
        run.demo._on_key(key)
    await until(lambda: run.heard.names.count("node_restarted") == 2)
    run.demo._on_key("q")
    assert await running == 0
    told = [name for name in run.heard.names if name.startswith(("node_", "nothing_"))]
    assert told == [
        "node_killed", "node_killed", "nothing_to_kill", "node_restarted", "node_restarted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("agreement", "exit_code"),
    [
        (Agreement(9, {"a": "1", "b": "2"}), 1),
        (Agreement(9, {"a": "1"}, ("b",)), 1),
        (Agreement(0, {}), 0),
    ],
)
async def test_the_exit_code_tells_whether_nodes_agree(
    make: Make, agreement: Agreement, exit_code: int
) -> None:
    run = make(seconds=0.0)
    run.consortium.agreement = agreement
    assert await run.demo.run() == exit_code
    assert run.summary()["state_roots_agree"] is agreement.holds


async def test_a_node_that_fails_makes_the_demo_fail(make: Make) -> None:
    run = make()
    running = asyncio.create_task(run.demo.run())
    await run.until("set_up")
    process = run.consortium.nodes[1].process
    assert process is not None
    process.returncode = 1  # type: ignore[misc]
    await run.demo._watch.look()
    run.demo._on_key("q")
    assert await running == 1


async def test_a_start_that_fails_still_stops_everything(make: Make) -> None:
    run = make()
    run.consortium.start_error = InvalidInput("VT-8013", node="acme-1", reason="ended")
    with pytest.raises(ExceptionGroup) as caught:
        await run.demo.run()
    assert caught.group_contains(ChainError, match="VT-8013")
    assert run.consortium.stopped == 1


async def test_a_set_up_that_is_refused_ends_the_demo(make: Make) -> None:
    run = make()
    run.consortium.client.fates = ["rejected"]
    with pytest.raises(ExceptionGroup) as caught:
        await run.demo.run()
    assert caught.group_contains(ChainError, match="VT-2020")
    assert run.consortium.stopped == 1


async def test_rows_that_were_refused_or_left_out_are_told_at_the_end(make: Make) -> None:
    errors = (RowError(7, "VT-9013", "x"), RowError(9, "VT-9013", "x"))
    run = make(replace(FEED, errors=errors), home=Path("somewhere"))
    assert await run.play() == 0
    run.demo._counts.refusals["VT-2026"] = 1
    lines = run.demo.describe_end()
    assert "2 rows left out: VT-9013 2; more: veritwin explain VT-9013" in lines
    assert "1 row refused: VT-2026 1; more: veritwin explain VT-2026" in lines
    assert lines[-1].startswith("Everything is kept in ")
    assert run.summary()["bad_rows"] == {"VT-9013": 2}


async def test_a_temporary_folder_is_not_said_to_be_kept(make: Make) -> None:
    run = make(seconds=0.0)
    await run.demo.run()
    assert "kept" not in " ".join(run.demo.describe_end())


async def test_without_data_only_keys_go_on_the_chain(make: Make) -> None:
    run = make(None, data="none")
    assert await run.play("set_up") == 0
    assert next(text for name, text, _ in run.heard.events if name == "set_up") == (
        "Keys are on the chain."
    )
    assert run.summary()["readings_sent"] == 0
