"""The thread that decides: it runs one function for the event loop, one call after the other.

A thread pool does the same with futures that other threads can wait for, too, and takes three times
as long; a lone transaction crosses from the loop to this thread and back a dozen times.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class DecidingThread(Generic[A, R]):
    """Runs `work` in a thread of its own, from the first call until it is closed.

    Args: work: what to do with what is handed over; name: of the thread, for those who look at it.
    """

    def __init__(self, work: Callable[[A], R], name: str) -> None:
        self._work = work
        self._calls: SimpleQueue[tuple[A, asyncio.Future[R]] | None] = SimpleQueue()
        self._name = name
        self._thread: Thread | None = None
        self._is_closed = False

    async def run(self, argument: A) -> R:
        """Run the function and wait for its result; what it raises is raised here.

        Raises: RuntimeError: the thread is closed.
        """
        if self._is_closed:
            raise RuntimeError("the deciding thread is closed")
        if self._thread is None:
            self._thread = Thread(target=self._serve, name=self._name)
            self._thread.start()
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._calls.put((argument, future))
        return await future

    def close(self) -> None:
        """Let the thread end what it was given, and wait for that."""
        self._is_closed = True
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join()

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            argument, future = call
            try:
                settle = partial(future.set_result, self._work(argument))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                settle = partial(future.set_exception, error)
            future.get_loop().call_soon_threadsafe(_unless_given_up, future, settle)


def _unless_given_up(future: "asyncio.Future[R]", settle: Callable[[], None]) -> None:
    if not future.done():
        settle()
