"""Following events: each once and in order, over restarts and at other nodes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing

import aiohttp
import pytest
from aiohttp import ClientSession

from chain.errors import ChainError, Corruption, InvalidInput, Refused
from node.api.views.status import BlockEvent
from node.client import AsyncClient
from node.client.events import parse_stream
from node.reader.blocks import StoredBlock
from node.reader.events import LedgerEvent, list_events
from tests.unit.node.api.fake_node import FakeNode, until

ALL = [
    "1.0",
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "2.0",
    "2.1",
    "3.0",
    "4.0",
    "4.1",
    "4.2",
    "4.3",
    "5.0",
    "5.1",
    "5.2",
    "6.0",
    "6.1",
    "6.2",
    "7.0",
    "7.1",
    "7.2",
]


async def test_all_events_come_once_and_in_order() -> None:
    node = FakeNode()
    async with node.serve() as address, AsyncClient([address], node.genesis) as client:
        seen = []
        async with aclosing(client.events(start="1.0")) as events:
            async for event in events:
                seen.append(event.id)
                if len(seen) == len(ALL):
                    break
        assert seen == ALL


async def test_topics_are_filtered_and_data_is_typed() -> None:
    node = FakeNode()
    async with node.serve() as address, AsyncClient([address], node.genesis) as client:
        async with aclosing(client.events(("action",), "1.0")) as events:
            event = await anext(events)
        assert (event.id, event.topic, event.data["status"]) == ("4.2", "action", "open")
        async with aclosing(client.events(("block",), after="6.2")) as events:
            block = (await anext(events)).read()
        assert isinstance(block, BlockEvent)
        assert (block.height, block.transactions) == (7, 2)


async def test_new_blocks_are_streamed_as_they_are_committed() -> None:
    node = FakeNode()
    async with node.serve() as address, AsyncClient([address], node.genesis) as client:
        seen: list[str] = []

        async def follow() -> None:
            async with aclosing(client.events(("block",))) as events:
                async for event in events:
                    seen.append(event.id)
                    if len(seen) == 3:
                        return

        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            tasks.create_task(follow())
            await until(lambda: bool(node.heights._subscribers))
            for _ in range(3):
                node.commit()
        assert seen == ["8.0", "9.0", "10.0"]


async def test_stream_goes_on_at_another_node_without_gap_or_repeat() -> None:
    first, second = FakeNode(), FakeNode()
    async with AsyncExitStack() as stack, asyncio.timeout(20):
        dying = AsyncExitStack()
        addresses = [
            await dying.enter_async_context(first.serve()),
            await stack.enter_async_context(second.serve()),
        ]
        client = await stack.enter_async_context(AsyncClient(addresses, first.genesis))
        seen = []
        async with aclosing(client.events(start="1.0")) as events:
            async for event in events:
                seen.append(event.id)
                if len(seen) == 7:
                    await dying.aclose()
                if len(seen) == len(ALL):
                    break
        assert seen == ALL


async def test_stream_that_fails_half_way_is_cut_off_and_taken_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures = 0

    def fail_once_at_four(block: StoredBlock, first: int = 0) -> Iterator[LedgerEvent]:
        nonlocal failures
        if block.height == 4 and not failures:
            failures += 1
            raise Corruption("VT-6007", path="database")
        return list_events(block, first)

    monkeypatch.setattr("node.api.handlers.events.list_events", fail_once_at_four)
    node = FakeNode()
    async with asyncio.timeout(10), node.serve() as address:
        async with ClientSession() as session, session.get(f"{address}/v1/events?from=1.0") as raw:
            with pytest.raises(aiohttp.ClientPayloadError):
                await raw.content.read()
        failures = 0
        async with AsyncClient([address], node.genesis) as client:
            seen = []
            async with aclosing(client.events(start="1.0")) as events:
                async for event in events:
                    seen.append(event.id)
                    if len(seen) == len(ALL):
                        break
    assert (seen, failures) == (ALL, 1)


async def test_stream_whose_end_is_not_told_is_taken_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A node breaks the framing of its answer and is gone; aiohttp then tells of no end."""
    monkeypatch.setattr("node.client.events.SILENCE_SECONDS", 0.2)
    node = FakeNode()
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nretry: 1\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/v1/status" in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(status))
            writer.write(b"Connection: close\r\n\r\n" + status)
        else:
            server.close()
            writer.write(begun)
            await asyncio.sleep(0.05)  # Else the answer would be refused as a whole.
            writer.write(b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with asyncio.timeout(10), node.serve() as address, ClientSession(address) as session:
        status = await (await session.get("/v1/status")).read()
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        near = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = AsyncClient([near, address], node.genesis)
        async with client, aclosing(client.events(start="1.0")) as events:
            assert (await anext(events)).id == "1.0"
        assert not server.is_serving()


def forget_blocks(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a node have deleted all its blocks."""

    def require(height: int) -> StoredBlock:
        raise Refused("VT-7014", height=height, base=99)

    monkeypatch.setattr(node.reader.blocks, "require", require)


async def test_what_one_node_has_deleted_another_still_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = FakeNode(), FakeNode()
    forget_blocks(first, monkeypatch)
    async with first.serve() as pruned, second.serve() as whole, asyncio.timeout(10):
        client = AsyncClient([pruned, whole], first.genesis)
        async with client, aclosing(client.events(start="1.0")) as events:
            assert (await anext(events)).id == "1.0"
        forget_blocks(second, monkeypatch)
        async with AsyncClient([pruned, whole], first.genesis) as client:
            with pytest.raises(ChainError, match=r"^VT-7014"):
                await anext(client.events(start="1.0"))


async def test_place_that_does_not_exist_is_refused() -> None:
    node = FakeNode()
    async with node.serve() as address, AsyncClient([address], node.genesis) as client:
        for start, code in (("99.0", "VT-7012"), ("yesterday", "VT-7002")):
            with pytest.raises(InvalidInput) as caught:
                await anext(client.events(start=start))
            assert caught.value.code == code


async def _parse(*chunks: bytes) -> list[tuple[str, str]]:
    async def give() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [(event.id, str(event.data)) async for event in parse_stream(give())]


async def test_events_are_parsed_over_any_cut() -> None:
    text = b": hi\n\nretry: 2000\n\nid: 1.0\r\nevent: block\ndata:{}\n\nid: 2\nevent: x\n\n"
    expected = [("1.0", "{}")]
    assert await _parse(text) == expected
    assert await _parse(*(bytes([byte]) for byte in text)) == expected


async def test_unfinished_event_is_not_given() -> None:
    assert await _parse(b"id: 1.0\nevent: block\ndata: {}\n") == []


@pytest.mark.parametrize("data", [b"data: {\n\n", b"x" * (1 << 20) + b"y\n\n"])
async def test_broken_or_endless_event_ends_the_stream(data: bytes) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await _parse(b"id: 1.0\nevent: block\n" + data)


async def test_client_that_left_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.api.handlers.events.HEARTBEAT_SECONDS", 0.05)
    node = FakeNode()
    async with node.session() as session, asyncio.timeout(10):
        async with session.get("/v1/events") as answer:
            assert await answer.content.readline() == b"retry: 2000\n"
            assert await answer.content.readline() == b"\n"
            assert await answer.content.readline() == b": still here\n"
            registry = node.metrics.registry
            assert registry.get_sample_value("veritwin_event_streams") == 1
        await until(lambda: not registry.get_sample_value("veritwin_event_streams"))
        assert not node.heights._subscribers


async def test_streams_are_bounded() -> None:
    from node.config import LimitsConfig

    node = FakeNode(limits=LimitsConfig(event_streams_max=1))
    async with node.session() as session, session.get("/v1/events") as first:
        assert first.status == 200
        async with session.get("/v1/events") as second:
            assert second.status == 503
            assert (await second.json(content_type=None))["code"] == "VT-7013"
