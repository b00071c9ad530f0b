"""Snapshots and deletions are told, and the disk is freed when enough was deleted."""

import asyncio
import logging
from dataclasses import replace
from threading import Event

import pytest

from chain.scalars import Height
from node.housekeeping import FREE_EVERY_BLOCKS, Housekeeping
from node.metrics import Metrics
from node.replica.replica import ReplicaView
from node.replica.snapshot_work import SnapshotProgress
from tests.unit.node.replica.network import World, make_genesis


def view_at(base: int = 0, progress: SnapshotProgress | None = None, count: int = 0) -> ReplicaView:
    view = World(make_genesis((1,))).nodes[0].replica.view()
    return replace(view, base=Height(base), snapshot=progress, snapshots=count)


def loading(done: int, permille: int) -> SnapshotProgress:
    return SnapshotProgress(Height(64), done, 10, done * 100, permille)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value("veritwin_" + name, labels)


def test_the_base_is_shown() -> None:
    metrics = Metrics("1", with_process=False)
    Housekeeping(metrics, lambda: None).observe(view_at(7))
    assert value(metrics, "base_height") == 7


def test_progress_is_shown_and_told_at_each_tenth(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    metrics = Metrics("1", with_process=False)
    keeping = Housekeeping(metrics, lambda: None)
    for done, permille in ((1, 0), (2, 50), (3, 120), (4, 130), (9, 990)):
        assert not keeping.observe(view_at(0, loading(done, permille)))
    assert value(metrics, "snapshot_parts", state="done") == 9
    assert value(metrics, "snapshot_parts", state="known") == 10
    assert value(metrics, "snapshot_size_bytes") == 900
    assert [record.getMessage().split(" ")[0] for record in caplog.records] == ["loading"] * 3


def test_a_snapshot_that_is_in_place_is_noticed_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    metrics = Metrics("1", with_process=False)
    keeping = Housekeeping(metrics, lambda: None)
    keeping.observe(view_at(0, loading(9, 990)))
    assert keeping.observe(view_at(64, None, 1))
    assert not keeping.observe(view_at(64, None, 1))
    assert value(metrics, "snapshot_parts", state="known") == 0
    assert "joined from a snapshot" in caplog.records[-1].getMessage()


async def test_the_disk_is_freed_after_enough_blocks_and_off_the_loop() -> None:
    freed, may_end = asyncio.Event(), Event()
    loop = asyncio.get_running_loop()
    times = 0

    def free() -> None:
        nonlocal times
        times += 1
        may_end.wait(10)
        loop.call_soon_threadsafe(freed.set)

    keeping = Housekeeping(Metrics("1", with_process=False), free)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(keeping.run())
        keeping.observe(view_at(FREE_EVERY_BLOCKS - 1))
        await asyncio.sleep(0)
        assert times == 0
        keeping.observe(view_at(FREE_EVERY_BLOCKS))
        may_end.set()
        await freed.wait()
        keeping.observe(view_at(FREE_EVERY_BLOCKS + 1))
        await asyncio.sleep(0)
        running.cancel()
    assert times == 1
