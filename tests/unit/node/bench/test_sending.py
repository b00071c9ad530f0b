"""Handing in: a number under way or a rate, and a busy node is asked again."""

import asyncio
from itertools import count

import pytest

from node.bench.blocks import BlockCount, SeenBlock
from node.bench.sending import Probe, Sender
from tests.unit.node.api.fake_node import until
from tests.unit.node.bench.answering import Node, serving


@pytest.fixture
def node() -> Node:
    return Node()


async def test_a_closed_loop_waits_for_commits(node: Node) -> None:
    counted = BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        sender = Sender(session, [address], (b"%d" % number for number in count()), 5)
        keeping = tasks.create_task(sender.keep(20, counted))
        await until(lambda: node.taken == 20)
        await asyncio.sleep(0.05)
        assert node.taken == 20
        counted.add(SeenBlock(1, 10, 0.0))
        await until(lambda: node.taken == 30)
        keeping.cancel()
    assert sender.sent.accepted == 30
    assert [raw for group in node.groups for raw in group] == [b"%d" % n for n in range(30)]


async def test_what_others_handed_in_makes_no_room(node: Node) -> None:
    counted = BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        sender = Sender(session, [address], (b"x" for _ in count()), 5)
        keeping = tasks.create_task(sender.keep(10, counted, lambda: 3))
        await until(lambda: node.taken >= 10)
        counted.add(SeenBlock(1, 3, 0.0))
        await asyncio.sleep(0.05)
        assert node.taken <= 15
        keeping.cancel()


async def test_a_refused_transaction_makes_room_and_is_counted(node: Node) -> None:
    node.refusal = "VT-2003"
    counted = BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        sender = Sender(session, [address], (b"x" for _ in count()), 5)
        keeping = tasks.create_task(sender.keep(5, counted))
        await until(lambda: node.taken >= 5)
        counted.moved.set()
        await until(lambda: node.taken >= 10)
        keeping.cancel()
    assert sender.sent.refused["VT-2003"] >= 10
    assert sender.sent.accepted == 0


async def test_a_busy_node_gets_the_same_bytes_again(node: Node) -> None:
    node.script = [503, 429]
    counted = BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        sender = Sender(session, [address], (b"%d" % number for number in count()), 2)
        keeping = tasks.create_task(sender.keep(2, counted))
        await until(lambda: node.taken == 2)
        keeping.cancel()
    assert node.groups == [[b"0", b"1"]]
    assert sender.sent.busy == 2


async def test_a_network_that_is_busy_for_ever_does_not_hold_up_the_end(node: Node) -> None:
    node.script = [503] * 1_000
    async with (
        serving(node) as (session, address),
        asyncio.timeout(5),
        asyncio.TaskGroup() as tasks,
    ):
        sender = Sender(session, [address], (b"x" for _ in count()), 2)
        tasks.create_task(sender.offer(100.0))
        await until(lambda: sender.sent.busy > 2)
        sender.stop()
    assert sender.sent.accepted == 0


async def test_an_open_loop_keeps_its_rate_whatever_is_committed(node: Node) -> None:
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        sender = Sender(session, [address], (b"x" for _ in count()), 10)
        offering = tasks.create_task(sender.offer(500.0))
        await asyncio.sleep(0.5)
        offering.cancel()
    assert 100 <= node.taken <= 260


async def test_a_history_is_handed_in_until_it_is_committed(node: Node) -> None:
    counted = BlockCount()
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        sender = Sender(session, [address], (b"x" for _ in count()), 5)
        handing = tasks.create_task(sender.hand_in_all(12, 10, counted))
        await until(lambda: node.taken >= 10)
        counted.add(SeenBlock(1, 10, 0.0))
        await asyncio.sleep(0.02)
        assert not handing.done()
        counted.add(SeenBlock(2, 5, 0.0))
        await until(handing.done)


async def test_a_probe_measures_what_becomes_final_and_counts_the_rest(node: Node) -> None:
    async with serving(node) as (session, address), asyncio.TaskGroup() as tasks:
        probe = Probe(session, [address], (b"x" for _ in count()), 0.0)
        running = tasks.create_task(probe.run())
        await until(lambda: probe.count() >= 3)
        node.final, node.refusal = "rejected", "VT-2026"
        await until(lambda: probe.failed.get("VT-2026", 0) >= 1)
        node.final, node.refusal = "received", None
        await until(lambda: probe.failed.get("received", 0) >= 1)
        node.final = ""
        await until(lambda: probe.failed.get("200", 0) >= 1)
        running.cancel()
    taken = probe.failed["received"] + probe.failed["VT-2026"]
    assert probe.pending == taken, "a block should hold these, and no node took the others"
    assert all(latency > 0 for _, latency in probe.latencies_ms)
