"""Gateways: in order, complete, bounded, and gone when they should be."""

import asyncio

import pytest

from chain.operations import Telemetry
from chain.scalars import TwinId
from node.client import Unreachable, delivery
from node.demo import gateways
from node.demo.gateways import Gateways, count_readings, join
from tests.unit.node.demo.fakes import FakeClient, make_feed, make_record, until

PRESS, MILL = TwinId("press-7"), TwinId("mill-1")
FAST = 1e9


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.0)


def minutes_of(client: FakeClient) -> list[int]:
    """The minutes of all readings that are final, in the order of the chain."""
    return [
        reading.sequence
        for operation in client.final
        if isinstance(operation, Telemetry)
        for batch in operation.batches
        for reading in batch.readings
    ]


async def test_every_reading_arrives_once_and_in_order() -> None:
    records = [make_record(minute, twin) for minute in range(300) for twin in (PRESS, MILL)]
    clients = {PRESS: FakeClient(), MILL: FakeClient()}
    clients[PRESS].fates = ["lost", "final", "expired"]
    clients[MILL].faults = [Unreachable("a", "down")]
    times: list[int] = []
    playing = Gateways(make_feed(records), clients, FAST)
    assert await playing.run(times.append)
    for client in clients.values():
        assert minutes_of(client) == list(range(300))
    assert playing.counts.readings == 600
    assert playing.counts.unsettled == 0
    assert playing.counts.refusals == {}
    assert times == sorted(times)
    assert len(times) == 300
    assert playing.behind_s == 0.0


async def test_what_waits_goes_together_and_no_more_than_allowed() -> None:
    client = FakeClient()
    client.latency_s = 0.01
    playing = Gateways(make_feed([make_record(m) for m in range(200)]), {PRESS: client}, FAST)
    await playing.run(lambda _: None)
    sizes = [len(one.batches[0].readings) for one in client.final if isinstance(one, Telemetry)]
    assert max(sizes) == gateways.JOINED_RECORDS_MAX
    assert playing.counts.transactions == len(sizes) < 200


async def test_wide_records_are_joined_by_readings_not_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateways, "JOINED_READINGS_MAX", 30)
    client = FakeClient()
    client.latency_s = 0.01
    records = [make_record(m, count=10) for m in range(60)]
    await Gateways(make_feed(records), {PRESS: client}, FAST).run(lambda _: None)
    sizes = [len(one.batches[0].readings) for one in client.final if isinstance(one, Telemetry)]
    assert max(sizes) == 30


async def test_while_nodes_are_away_the_play_stands_still_and_nothing_piles_up() -> None:
    client = FakeClient()
    client.may_pass.clear()
    total = 3 * gateways.WAITING_MAX
    times: list[int] = []
    playing = Gateways(make_feed([make_record(m) for m in range(total)]), {PRESS: client}, FAST)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(playing.run(times.append))
        await until(lambda: len(times) > gateways.WAITING_MAX)
        await asyncio.sleep(0.05)
        assert len(times) <= gateways.WAITING_MAX + gateways.JOINED_RECORDS_MAX + 2
        assert playing.counts.readings == 0
        assert playing.behind_s > 0.02
        client.may_pass.set()
    assert running.result()
    assert minutes_of(client) == list(range(total))


async def test_closing_lets_arrive_what_is_on_its_way_and_sends_nothing_new() -> None:
    client = FakeClient()
    client.may_pass.clear()
    playing = Gateways(make_feed([make_record(m) for m in range(500)]), {PRESS: client}, FAST)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(playing.run(lambda _: None))
        await until(lambda: bool(client.handed_in))
        playing.close()
        client.may_pass.set()
    assert not running.result()
    assert playing.counts.readings == len(minutes_of(client)) <= gateways.JOINED_RECORDS_MAX
    assert playing.counts.unsettled == 0


async def test_readings_that_nobody_waited_for_are_counted_as_unsettled() -> None:
    client = FakeClient()
    client.may_pass.clear()
    playing = Gateways(make_feed([make_record(1, count=7)]), {PRESS: client}, FAST)
    running = asyncio.create_task(playing.run(lambda _: None))
    await until(lambda: bool(client.handed_in))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert playing.counts.unsettled == 7
    assert playing.counts.readings == 0


async def test_a_bad_record_does_not_take_its_neighbours_along() -> None:
    client = FakeClient()
    records = [make_record(m) for m in range(3)]
    playing = Gateways(make_feed(records), {PRESS: client}, FAST)
    client.fates = ["rejected", "final", "rejected", "final"]
    await playing._send(PRESS, records)
    assert minutes_of(client) == [0, 2]
    assert playing.counts.refusals == {"VT-2020": 1}
    assert playing.counts.readings == 2


def test_joining_keeps_the_readings_of_a_twin_together_and_in_order() -> None:
    joined = join([make_record(1), make_record(1, "mill-1"), make_record(2)])
    assert [batch.twin for batch in joined.batches] == ["press-7", "mill-1"]
    assert [reading.sequence for reading in joined.batches[0].readings] == [1, 2]
    assert count_readings([make_record(1, count=3), make_record(2)]) == 4
