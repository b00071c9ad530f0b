"""The event stream (server-sent events): what happens on the chain, as it happens.

Every event has the id `height.number`, which follows from the chain alone. A listener that comes
back with the last id it saw, at this node or another, misses nothing and sees nothing twice.
Events are read from the disk in order, so a stream holds no queue; a client that does not read is
cut off by the server's write time-out.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, assert_never

from aiohttp import web

from chain.errors import Busy, InvalidInput
from chain.scalars import HEIGHT_MAX, Hash, Height
from node.api.answers import encode_json, off_loop
from node.api.context import CONTEXT, ApiContext
from node.api.requests import get_text
from node.api.routes import Parameter, Route
from node.api.views.status import (
    ActionEvent,
    AttestationEvent,
    BlockEvent,
    TransactionEvent,
)
from node.reader import Reader
from node.reader.blocks import StoredBlock, StoredTransaction
from node.reader.events import TOPICS, LedgerEvent, Topic, list_events

HEARTBEAT_SECONDS: Final = 15.0
RETRY_MS: Final = 2_000
CHUNK_SIZE_BYTES: Final = 64 << 10
STREAMS: Final[web.AppKey["Streams"]] = web.AppKey("streams")
_is_place: Final = re.compile(r"(\d{1,16})\.(\d{1,9})").fullmatch


@dataclass(slots=True)
class Streams:
    """How many streams are open."""

    count: int = 0


@dataclass(slots=True)
class Place:
    """The next event to give: a height and a number within it."""

    height: Height
    index: int


async def stream_events(request: web.Request) -> web.StreamResponse:
    """GET /v1/events"""
    context = request.app[CONTEXT]
    topics = parse_topics(get_text(request, "topics"))
    place = find_start(context, request)
    streams = request.app[STREAMS]
    if streams.count >= context.limits.event_streams_max:
        raise Busy("VT-7013", limit=context.limits.event_streams_max)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    streams.count += 1
    context.metrics.event_streams.set(streams.count)
    try:
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        await _pump(request, response, place, topics)
    except ConnectionError:
        pass  # the client went away before the first event
    except BaseException:
        if response.prepared and request.transport is not None:
            request.transport.abort()  # No other answer may follow within this one.
        raise
    finally:
        streams.count -= 1
        context.metrics.event_streams.set(streams.count)
    return response


async def _pump(
    request: web.Request, response: web.StreamResponse, place: Place, topics: Collection[Topic]
) -> None:
    """Write events until the node stops or the client goes away."""
    context = request.app[CONTEXT]
    news = asyncio.Event()
    ended = False

    async def listen(heights: AsyncIterator[Height]) -> None:
        nonlocal ended
        async for _ in heights:
            news.set()
        ended = True
        news.set()

    async with asyncio.TaskGroup() as tasks:
        listener = tasks.create_task(listen(context.subscribe()))
        try:
            while True:
                news.clear()
                await _write_new(request, response, place, topics)
                if ended:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await news.wait()
                        continue
                await response.write(b": still here\n\n")
        except ConnectionError:
            return  # the client went away, or did not read
        finally:
            listener.cancel()


async def _write_new(
    request: web.Request, response: web.StreamResponse, place: Place, topics: Collection[Topic]
) -> None:
    """Write all events from `place` up to the head, and move `place` on."""
    context = request.app[CONTEXT]
    reader = context.reader
    head = reader.blocks.head().height
    while place.height <= head:
        height, first = place.height, place.index
        commit_ms = context.last_commit_ms if height == head else None

        def read(
            height: Height = height, first: int = first, commit_ms: int | None = commit_ms
        ) -> list[bytes]:
            return [
                render_event(reader, event, commit_ms)
                for event in list_events(reader.blocks.require(height), first)
                if event.topic in topics
            ]

        chunk = bytearray()
        for line in await off_loop(request, read):
            chunk += line
            if len(chunk) >= CHUNK_SIZE_BYTES:
                await response.write(bytes(chunk))
                chunk.clear()
        if chunk:
            await response.write(bytes(chunk))
        place.height, place.index = Height(height + 1), 0


def render_event(reader: Reader, event: LedgerEvent, commit_ms: int | None) -> bytes:
    """Write an event in the form of the stream."""
    data = encode_json(view_event(reader, event, commit_ms))
    return b"id: %d.%d\nevent: %b\ndata: %b\n\n" % (
        event.height,
        event.index,
        event.topic.encode(),
        data,
    )


def view_event(
    reader: Reader, event: LedgerEvent, commit_ms: int | None
) -> BlockEvent | TransactionEvent | ActionEvent | AttestationEvent:
    """Make the view of an event."""
    source = event.source
    match event.topic:
        case "block":
            assert isinstance(source, StoredBlock)
            return BlockEvent(
                height=event.height,
                hash=source.hash.hex(),
                time_ms=source.header.time_ms,
                transactions=len(source.block.transactions),
                commit_ms=commit_ms,
            )
        case "transaction":
            assert isinstance(source, StoredTransaction)
            sender = source.transaction.body.sender
            return TransactionEvent(
                id=source.id.hex(),
                height=event.height,
                operation=source.operation_name,
                organisation=reader.blocks.organisation_of(sender),
                twins=list(source.twins),
                code=source.receipt.code,
            )
        case "action":
            assert isinstance(source, dict)
            return ActionEvent(**{**source, "title": _title_of(reader, source["id"])})
        case "attestation":
            assert isinstance(source, dict)
            return AttestationEvent(**source)
        case _:
            assert_never(event.topic)


def _title_of(reader: Reader, action: str) -> str:
    """Give an action's title; its answers do not repeat it."""
    found = reader.records.action(Hash(bytes.fromhex(action)))
    return found.title if found is not None else ""


def parse_topics(text: str | None) -> frozenset[Topic]:
    """Read the list of topics; none given means all.

    Raises: InvalidInput: VT-7002, one of them does not exist.
    """
    if text is None:
        return frozenset(TOPICS)
    asked = text.split(",")
    chosen = frozenset(topic for topic in TOPICS if topic in asked)
    unknown = [one for one in asked if one not in TOPICS]
    if unknown:
        raise InvalidInput(
            "VT-7002",
            parameter="topics",
            reason=f"{unknown[0][:40]!r} is none of {', '.join(TOPICS)}",
        )
    return chosen


def find_start(context: ApiContext, request: web.Request) -> Place:
    """Find the first event to give: after `Last-Event-ID`, at `from`, or the next block's.

    Raises: InvalidInput: VT-7002 not an id, VT-7012 the chain is not that long; Refused: VT-7014
    this node no longer keeps that block.
    """
    head = context.reader.blocks.head().height
    last_seen = request.headers.get("Last-Event-ID")
    text = last_seen or get_text(request, "from")
    if text is None:
        return Place(Height(head + 1), 0)
    match = _is_place(text)
    if match is None or int(match[1]) > HEIGHT_MAX:
        raise InvalidInput(
            "VT-7002", parameter="from", reason="an event's id is height.number, such as 12.0"
        )
    height, index = int(match[1]), int(match[2])
    if height > head + 1:
        raise InvalidInput("VT-7012", cursor=text, height=head)
    if height == 0:
        return Place(Height(1), 0)
    if height <= head:
        context.reader.blocks.require(Height(height))
    return Place(Height(height), index + 1 if last_seen else index)


ROUTES: Final = (
    Route(
        "GET",
        "/v1/events",
        stream_events,
        "Stream what happens on the chain (server-sent events).",
        "events",
        media="text/event-stream",
        parameters=(
            Parameter("from", "First event wanted, as height.number; the next one if missing."),
            Parameter("topics", f"Only these, separated by commas: {', '.join(TOPICS)}."),
        ),
        statuses={404: "The chain is not that long."},
    ),
)
