"""Who waits for what: answers to submitted transactions, finality, and the stream of heights.

Used from the event loop only.
"""

import asyncio
from collections import OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from chain.scalars import Hash, Height, UnixMillis

EXPIRED_COUNT_MAX: Final = 65_536
SUBSCRIBER_HEIGHTS_MAX: Final = 256
LATENCIES_COUNT: Final = 256


class Finality:
    """Tells those who wait that a transaction is final or has expired."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Hash, set[asyncio.Future[None]]] = defaultdict(set)
        self._expired: OrderedDict[Hash, None] = OrderedDict()

    def is_expired(self, transaction_id: Hash) -> bool:
        """Tell whether a transaction that was accepted here expired without being ordered."""
        return transaction_id in self._expired

    async def wait(self, transaction_id: Hash, timeout_s: float) -> bool:
        """Wait until the transaction is committed or expired; False when time ran out first.

        The caller looks into the store before and after: a commit may have come just before.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[transaction_id].add(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting[transaction_id]
            waiting.discard(future)
            if not waiting:
                del self._waiting[transaction_id]
        return True

    def committed(self, transaction_ids: Iterable[Hash]) -> None:
        """These transactions are in a block on disk."""
        for transaction_id in self._waiting.keys() & transaction_ids:
            self._wake(transaction_id)

    def look_again(self, is_final: Callable[[Hash], bool]) -> None:
        """Many heights came at once: wake all whose transactions are final by now."""
        for transaction_id in tuple(self._waiting):
            if is_final(transaction_id):
                self._wake(transaction_id)

    def expired(self, transaction_ids: Iterable[Hash]) -> None:
        """These transactions will never be ordered."""
        for transaction_id in transaction_ids:
            self._expired[transaction_id] = None
            if len(self._expired) > EXPIRED_COUNT_MAX:
                self._expired.popitem(last=False)
            self._wake(transaction_id)

    def _wake(self, transaction_id: Hash) -> None:
        for future in self._waiting.get(transaction_id, ()):
            if not future.done():
                future.set_result(None)


class Heights:
    """Tells subscribers which heights were committed.

    A subscriber that falls behind is told so by the end of its stream; it resumes by reading.
    """

    def __init__(self) -> None:
        self._subscribers: set[asyncio.Queue[Height | None]] = set()

    def publish(self, height: Height) -> None:
        """A height is on disk."""
        for queue in tuple(self._subscribers):
            if queue.qsize() >= SUBSCRIBER_HEIGHTS_MAX:
                self._subscribers.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(height)

    def close(self) -> None:
        """End all streams."""
        for queue in self._subscribers:
            queue.put_nowait(None)
        self._subscribers.clear()

    async def subscribe(self) -> AsyncIterator[Height]:
        """Give every height that is committed from now on, until this reader is too slow."""
        queue: asyncio.Queue[Height | None] = asyncio.Queue(SUBSCRIBER_HEIGHTS_MAX + 1)
        self._subscribers.add(queue)
        try:
            while (height := await queue.get()) is not None:
                yield height
        finally:
            self._subscribers.discard(queue)


class Latencies:
    """How long transactions that were handed in here took to be committed."""

    def __init__(self) -> None:
        self._since: OrderedDict[Hash, UnixMillis] = OrderedDict()
        self._took_ms: deque[int] = deque(maxlen=LATENCIES_COUNT)

    def started(self, transaction_id: Hash, now_ms: UnixMillis) -> None:
        """A transaction was accepted here."""
        self._since[transaction_id] = now_ms
        if len(self._since) > EXPIRED_COUNT_MAX:
            self._since.popitem(last=False)

    def ended(self, transaction_ids: Iterable[Hash], now_ms: UnixMillis) -> list[int]:
        """These are committed; give how long those took, in ms, that were handed in here."""
        if not self._since:
            return []
        pop = self._since.pop
        since = [pop(transaction_id, None) for transaction_id in transaction_ids]
        took = [max(0, now_ms - began) for began in since if began is not None]
        self._took_ms.extend(took)
        return took

    @property
    def median_ms(self) -> int | None:
        """Median of the last ones, or None when there are none."""
        if not self._took_ms:
            return None
        return sorted(self._took_ms)[len(self._took_ms) // 2]
