"""Event streams: no gap, no repeat, nothing back in time, whatever happens to reader and node."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing

import pytest

from chain.errors import ChainError
from chain.genesis import Limits
from node.client import AsyncClient
from node.reader.events import list_events
from node.replica import pruning
from node.replica.pruning import Pruner
from tests.unit.node.api.fake_node import FakeNode, until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients come back at once, and streams fall behind after two blocks."""
    monkeypatch.setattr("node.client.events.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("node.client.events.RETRY_SECONDS_MAX", 0.05)
    monkeypatch.setattr("node.finality.SUBSCRIBER_HEIGHTS_MAX", 2)


def all_events(node: FakeNode) -> list[str]:
    """The ids of all events of a node's chain, in order."""
    return [
        f"{block.header.height}.{event.index}"
        for block in node.chain.blocks
        for event in list_events(node.reader.blocks.require(block.header.height))
    ]


class Listener:
    """A client that follows all events from the first on."""

    def __init__(self, addresses: Sequence[str], node: FakeNode) -> None:
        self._client = AsyncClient(addresses, node.genesis)
        self.seen: list[str] = []
        self.is_reading = asyncio.Event()
        self.is_reading.set()

    async def follow(self) -> None:
        async with self._client as client, aclosing(client.events(start="1.0")) as events:
            async for event in events:
                self.seen.append(event.id)
                await self.is_reading.wait()

    async def catch_up(self, node: FakeNode) -> None:
        """Wait for as many events as there are, and compare them."""
        await until(lambda: len(self.seen) >= len(all_events(node)))
        assert self.seen == all_events(node)


async def test_bug_18_a_reader_that_fell_behind_gets_every_event_once() -> None:
    """etcd issue 17529: watches that fell behind starved, and went on past lost events."""
    node = FakeNode()
    async with node.serve() as address, asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        listener = Listener([address], node)
        following = tasks.create_task(listener.follow())
        for _ in range(5):
            await listener.catch_up(node)
            listener.is_reading.clear()
            for _ in range(20):  # More than the stream is told of, and at once.
                node.commit()
            listener.is_reading.set()
        await listener.catch_up(node)
        following.cancel()


async def test_bug_18_a_node_that_is_behind_gives_nothing_back_in_time() -> None:
    """etcd issue 20221: a watch that reconnected to a member that was behind gave events from
    before the place it asked for."""
    first, second = FakeNode(), FakeNode()
    async with AsyncExitStack() as stack, asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        dying = AsyncExitStack()
        addresses = [
            await dying.enter_async_context(first.serve()),
            await stack.enter_async_context(second.serve()),
        ]
        listener = Listener(addresses, first)
        following = tasks.create_task(listener.follow())
        for _ in range(5):
            first.commit()
        await listener.catch_up(first)
        await dying.aclose()
        for _ in range(8):
            second.commit()
            await asyncio.sleep(0.02)
        await listener.catch_up(second)
        following.cancel()
    assert all_events(second)[: len(all_events(first))] == all_events(first)
    assert len(all_events(second)) > len(all_events(first))


@pytest.mark.parametrize("place", ["1.0", "1.4", "4.1", "4.3", "7.1", "7.2"])
async def test_bug_18_a_stream_goes_on_right_behind_any_event(place: str) -> None:
    """etcd issue 15271: a watch that was resumed gave events a second time."""
    node = FakeNode()
    async with (
        node.serve() as address,
        asyncio.timeout(20),
        AsyncClient([address], node.genesis) as client,
        aclosing(client.events(after=place)) as events,
    ):
        node.commit()
        expected = all_events(node)[all_events(node).index(place) + 1 :]
        assert [(await anext(events)).id for _ in expected] == expected


async def test_bug_18_a_stream_is_refused_where_its_events_were_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """etcd issue 18089: a watch from a revision that had been compacted went on with the next one
    that was left, and said nothing of what it had skipped."""
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    whole = all_events(FakeNode())
    node = FakeNode()
    pruner = Pruner(node.chain.store, Limits(expiry_window_blocks=2), 3)
    while (batch := pruner.step(node.chain.head)) is not None:
        node.chain.store.write(batch, sync=True)
    base = pruner.base.height
    assert base == node.chain.head.height - 3
    async with (
        node.serve() as address,
        asyncio.timeout(20),
        AsyncClient([address], node.genesis) as client,
    ):
        for number, place in enumerate(whole[:-1]):
            for start, expected in (
                (client.events(start=place), place),
                (client.events(after=place), whole[number + 1]),
            ):
                async with aclosing(start) as events:
                    if int(place.split(".")[0]) > base:
                        assert (await anext(events)).id == expected
                    else:
                        with pytest.raises(ChainError, match=r"^VT-7014"):
                            await anext(events)
