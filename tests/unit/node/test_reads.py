import asyncio

import pytest

from chain.errors import Busy, Refused
from chain.scalars import Height
from node.reads import READS_MAX, Reads
from node.replica import effects, events


async def test_each_client_gets_its_own_answer() -> None:
    asked: list[events.Event] = []
    reads = Reads(asked.append)
    async with asyncio.TaskGroup() as tasks:
        first, second = (tasks.create_task(reads.confirm()) for _ in range(2))
        await asyncio.sleep(0)
        tickets = [event.ticket for event in asked if isinstance(event, events.ReadRequested)]
        assert len(set(tickets)) == 2
        reads.answer(effects.ReadReady(tickets[1], Height(9)))
        reads.answer(effects.ReadReady(tickets[0], Height(8)))
    assert (first.result(), second.result()) == (8, 9)


async def test_a_refusal_is_raised_where_the_client_waits() -> None:
    asked: list[events.Event] = []
    reads = Reads(asked.append)
    waiting = asyncio.ensure_future(reads.confirm())
    await asyncio.sleep(0)
    reads.answer(effects.ReadRefused(0, Refused("VT-3050")))
    with pytest.raises(Refused, match="VT-3050"):
        await waiting


async def test_an_answer_to_a_client_that_is_gone_is_dropped() -> None:
    reads = Reads(lambda event: None)
    waiting = asyncio.ensure_future(reads.confirm())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    reads.answer(effects.ReadReady(0, Height(1)))


async def test_a_crowd_is_refused_at_the_door() -> None:
    reads = Reads(lambda event: None)
    crowd = [asyncio.ensure_future(reads.confirm()) for _ in range(READS_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="VT-3003"):
        await reads.confirm()
    for one in crowd:
        one.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
