"""The deciding thread: one call after the other, in a thread of its own, and nothing is lost."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from node.deciding import DecidingThread


@contextmanager
def opened(work: Callable[[int], int]) -> Iterator[DecidingThread[int, int]]:
    thread = DecidingThread(work, "deciding")
    try:
        yield thread
    finally:
        thread.close()


async def test_calls_run_elsewhere_one_after_the_other() -> None:
    seen: list[tuple[int, str]] = []

    def work(number: int) -> int:
        seen.append((number, threading.current_thread().name))
        return number * 2

    with opened(work) as thread:
        async with asyncio.TaskGroup() as tasks:
            calls = [tasks.create_task(thread.run(number)) for number in range(100)]
        assert [call.result() for call in calls] == [number * 2 for number in range(100)]
    assert seen == [(number, "deciding") for number in range(100)]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
async def test_what_it_raises_is_raised_in_the_loop_and_the_thread_lives(
    error: BaseException,
) -> None:
    def work(number: int) -> int:
        if number == 0:
            raise error
        return number

    with opened(work) as thread:
        with pytest.raises(type(error)):
            await thread.run(0)
        assert await thread.run(1) == 1


async def test_who_gives_up_waiting_disturbs_nobody() -> None:
    may_go_on = threading.Event()

    def work(number: int) -> int:
        may_go_on.wait(10)
        return number

    with opened(work) as thread:
        given_up = asyncio.create_task(thread.run(1))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        may_go_on.set()
        assert await thread.run(2) == 2


def test_closing_waits_for_what_was_begun() -> None:
    began, ended = threading.Event(), threading.Event()

    def work(number: int) -> int:
        began.set()
        threading.Event().wait(0.05)
        ended.set()
        return number

    async def begin(thread: DecidingThread[int, int]) -> None:
        call = asyncio.create_task(thread.run(1))
        await asyncio.to_thread(began.wait, 10)
        await asyncio.to_thread(thread.close)
        assert ended.is_set()
        assert await call == 1

    asyncio.run(begin(DecidingThread(work, "deciding")))


async def test_nobody_waits_for_a_thread_that_is_closed() -> None:
    thread = DecidingThread[int, int](lambda number: number, "deciding")
    assert await thread.run(1) == 1
    thread.close()
    with pytest.raises(RuntimeError, match="is closed"):
        await thread.run(2)
