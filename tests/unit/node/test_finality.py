"""Who waits for what."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from chain.scalars import Hash, Height, UnixMillis
from node.finality import (
    EXPIRED_COUNT_MAX,
    LATENCIES_COUNT,
    SUBSCRIBER_HEIGHTS_MAX,
    Finality,
    Heights,
    Latencies,
)


def id_of(number: int) -> Hash:
    return Hash(sha256(str(number).encode()).digest())


ONE, OTHER = id_of(1), id_of(2)
LONG_S = 5.0


async def test_all_who_wait_are_told_when_a_transaction_is_committed() -> None:
    finality = Finality()
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(finality.wait(ONE, LONG_S)) for _ in range(3)]
        other = tasks.create_task(finality.wait(OTHER, 0.02))
        await asyncio.sleep(0)
        finality.committed([ONE])
    assert [task.result() for task in waiting] == [True] * 3
    assert other.result() is False
    assert finality._waiting == {}


async def test_a_commit_before_the_wait_is_for_the_caller_to_see() -> None:
    finality = Finality()
    finality.committed([ONE])
    assert await finality.wait(ONE, 0.01) is False
    assert finality._waiting == {}


async def test_expiry_wakes_too_and_is_remembered() -> None:
    finality = Finality()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(finality.wait(ONE, LONG_S))
        await asyncio.sleep(0)
        finality.expired([ONE])
    assert waiting.result() is True
    assert finality.is_expired(ONE)
    assert not finality.is_expired(OTHER)


async def test_commit_and_expiry_in_one_moment_wake_once() -> None:
    finality = Finality()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(finality.wait(ONE, LONG_S))
        await asyncio.sleep(0)
        finality.committed([ONE, ONE])
        finality.expired([ONE])
    assert waiting.result() is True


async def test_one_who_gives_up_leaves_nothing_behind_and_the_others_waiting() -> None:
    finality = Finality()
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(finality.wait(ONE, LONG_S))
        other = tasks.create_task(finality.wait(ONE, LONG_S))
        await asyncio.sleep(0)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        assert len(finality._waiting[ONE]) == 1
        finality.committed([ONE])
    assert other.result() is True
    assert finality._waiting == {}


async def test_what_expired_is_remembered_within_a_bound() -> None:
    finality = Finality()
    finality.expired(id_of(number) for number in range(EXPIRED_COUNT_MAX + 2))
    assert len(finality._expired) == EXPIRED_COUNT_MAX
    assert not finality.is_expired(id_of(1))
    assert finality.is_expired(id_of(2))


async def first(stream: AsyncIterator[Height], count: int) -> list[int]:
    found: list[int] = []
    async for height in stream:
        found.append(height)
        if len(found) == count:
            break
    return found


async def test_every_subscriber_gets_every_height() -> None:
    heights = Heights()
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(first(heights.subscribe(), 3)) for _ in range(2)]
        await asyncio.sleep(0)
        for number in range(1, 4):
            heights.publish(Height(number))
    assert [reader.result() for reader in readers] == [[1, 2, 3]] * 2


async def test_a_subscriber_that_is_too_slow_is_cut_off_after_what_it_has() -> None:
    heights = Heights()
    slow = heights.subscribe()
    async with asyncio.TaskGroup() as tasks:
        started = tasks.create_task(first(slow, 1))
        await asyncio.sleep(0)
        heights.publish(Height(0))
    assert started.result() == [0]
    slow = heights.subscribe()
    async with asyncio.TaskGroup() as tasks:
        step = tasks.create_task(first(slow, 1))
        await asyncio.sleep(0)
        for number in range(SUBSCRIBER_HEIGHTS_MAX + 5):
            heights.publish(Height(number))
    assert step.result() == [0]
    assert [height async for height in slow] == list(range(1, SUBSCRIBER_HEIGHTS_MAX))
    assert heights._subscribers == set()


async def test_closing_ends_all_streams_even_full_ones() -> None:
    heights = Heights()
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(first(heights.subscribe(), 10_000))
        await asyncio.sleep(0)
        for number in range(SUBSCRIBER_HEIGHTS_MAX):
            heights.publish(Height(number))
        heights.close()
    assert len(reader.result()) == SUBSCRIBER_HEIGHTS_MAX


async def test_a_reader_that_leaves_is_forgotten() -> None:
    heights = Heights()
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(first(heights.subscribe(), 10))
        await asyncio.sleep(0)
        assert len(heights._subscribers) == 1
        reader.cancel()
    await asyncio.sleep(0)
    assert heights._subscribers == set()


def test_the_median_is_that_of_own_transactions() -> None:
    latencies = Latencies()
    assert latencies.median_ms is None
    for number, took in enumerate((10, 30, 20)):
        latencies.started(id_of(number), UnixMillis(1_000))
        assert latencies.ended([id_of(number)], UnixMillis(1_000 + took)) == [took]
    assert latencies.ended([id_of(99)], UnixMillis(5_000)) == []
    assert latencies.ended([id_of(0)], UnixMillis(5_000)) == [], "it ended before"
    assert latencies.median_ms == 20


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    latencies = Latencies()
    latencies.started(ONE, UnixMillis(1_000))
    assert latencies.ended([ONE], UnixMillis(500)) == [0]


def test_latencies_are_bounded() -> None:
    latencies = Latencies()
    for number in range(LATENCIES_COUNT + 10):
        latencies.started(id_of(number), UnixMillis(0))
        latencies.ended([id_of(number)], UnixMillis(0 if number < 10 else 7))
    assert len(latencies._took_ms) == LATENCIES_COUNT
    assert set(latencies._took_ms) == {7}
    for number in range(EXPIRED_COUNT_MAX + 3):
        latencies.started(id_of(number), UnixMillis(0))
    assert len(latencies._since) == EXPIRED_COUNT_MAX


async def test_after_a_jump_all_that_is_final_by_now_is_told() -> None:
    finality = Finality()
    one, other = Hash(bytes(32)), Hash(bytes(31) + b"\1")
    async with asyncio.TaskGroup() as tasks:
        told = tasks.create_task(finality.wait(one, 5))
        untold = tasks.create_task(finality.wait(other, 0.05))
        await asyncio.sleep(0)
        finality.look_again(lambda id_: id_ == one)
    assert (told.result(), untold.result()) == (True, False)
