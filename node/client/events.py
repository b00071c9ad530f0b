"""Reading the event stream: parsing, and going on at another node where one broke off."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import msgspec

from chain.errors import Busy, InvalidInput
from node.api.views.status import (
    ActionEvent,
    AttestationEvent,
    BlockEvent,
    TransactionEvent,
)
from node.client.transport import Transport

EVENT_SIZE_MAX: Final = 1 << 20
RETRY_SECONDS: Final = 0.5
RETRY_SECONDS_MAX: Final = 5.0
SILENCE_SECONDS: Final = 45.0
"""Three of a node's heartbeats."""
_KINDS: Final[dict[str, Any]] = {
    "block": BlockEvent,
    "transaction": TransactionEvent,
    "action": ActionEvent,
    "attestation": AttestationEvent,
}


AnyEvent = BlockEvent | TransactionEvent | ActionEvent | AttestationEvent


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event; `id` resumes after it, at any node; `data` is its JSON."""

    id: str
    topic: str
    data: dict[str, Any]

    def read(self) -> AnyEvent:
        """Give the data typed.

        Raises: msgspec.ValidationError: the node's version knows this event otherwise.
        """
        view: AnyEvent = msgspec.convert(self.data, _KINDS[self.topic])
        return view


async def follow_events(
    transport: Transport, start: str | None, after: str | None, topics: Sequence[str]
) -> AsyncGenerator[StreamEvent, None]:
    """Give events for ever, each once and in order, over broken connections and dead nodes.

    Args: start: first event wanted; after: last event seen, stronger than `start`; topics: only
    these, all when empty.
    Raises: InvalidInput: VT-7002, VT-7012: the place does not exist; VT-7014: every node that
    answers has deleted it.
    """
    pause = RETRY_SECONDS
    while True:
        query = {"from": start, "topics": ",".join(topics) or None}
        try:
            response = await transport.stream("/v1/events", query, after)
            async with response, aclosing(parse_stream(_chunks(response))) as events:
                async for event in events:
                    pause = RETRY_SECONDS
                    after = event.id
                    yield event
        except (Busy, aiohttp.ClientError, TimeoutError, OSError):
            pass
        except InvalidInput as error:
            if error.code != "VT-7012" or after is None:
                raise
            # Another node may be some blocks behind the one that gave the last event.
        await asyncio.sleep(pause)
        pause = min(2 * pause, RETRY_SECONDS_MAX)


async def parse_stream(chunks: AsyncIterable[bytes]) -> AsyncGenerator[StreamEvent, None]:
    """Read events out of the pieces of a stream. Source: WHATWG HTML, section 9.2.6.

    Raises: aiohttp.ClientPayloadError: an event is too large or does not read.
    """
    fields: dict[str, str] = {}
    size = 0
    async for raw in _lines(chunks):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        size += len(line)
        if size > EVENT_SIZE_MAX:
            raise aiohttp.ClientPayloadError("an event is too large")
        if line:
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            continue
        if fields.get("event") in _KINDS and "id" in fields:
            try:
                data = msgspec.json.decode(fields.get("data", ""), type=dict[str, Any])
            except msgspec.MsgspecError as error:
                raise aiohttp.ClientPayloadError(f"an event does not read: {error}") from error
            yield StreamEvent(fields["id"], fields["event"], data)
        fields, size = {}, 0


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Give what comes. Raises: TimeoutError: nothing came for longer than a node keeps silent.

    The connection's own time-out is not enough: it ends with the connection, and who waits for an
    answer whose framing was broken is not always told of that end.
    """
    while True:
        async with asyncio.timeout(SILENCE_SECONDS):
            chunk = await response.content.readany()
        if not chunk:
            return
        yield chunk


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Give lines of any length up to the limit."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > EVENT_SIZE_MAX:
            raise aiohttp.ClientPayloadError("an event is too large")
        for line in lines:
            yield line
