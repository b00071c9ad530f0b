"""Watchers and readers of each node: what its event stream told, and what it answered meanwhile."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from chain.errors import ChainError, Refused
from node.client import AsyncClient, StreamEvent
from tests.e2e.network import Network, NodeProcess
from tests.histories.watch import EventId, Look, Seen

LOOK_SECONDS: Final = 0.25
NO_LONGER_KEPT: Final = "VT-7014"


@dataclass
class Watch:
    """One node's stream from the first block on, and the heights it told when asked."""

    node: str
    seen: list[Seen] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    gaps: list[tuple[EventId, int]] = field(default_factory=list)
    """Where the node joined from a snapshot: the last event before, and the snapshot's height."""

    @property
    def height(self) -> int:
        """The last height of which an event came."""
        return self.seen[-1].id.height if self.seen else 0

    def without_gaps(self, chain: Mapping[EventId, str]) -> dict[EventId, str]:
        """Give the events of a chain but for those that the node itself never had."""
        return {
            id_: content
            for id_, content in chain.items()
            if not any(last < id_ and id_.height <= base for last, base in self.gaps)
        }


@dataclass
class Watchers:
    """A watcher and a reader for each node, through its restarts; run it as a task."""

    network: Network
    watches: list[Watch] = field(default_factory=list)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for node in self.network.nodes:
                watch = Watch(node.name)
                self.watches.append(watch)
                tasks.create_task(self._watch(node, watch))
                tasks.create_task(self._look(node, watch))

    def told_at(self) -> dict[str, int]:
        """Give when an event first told of each transaction."""
        found: dict[str, int] = {}
        for watch in self.watches:
            for one in watch.seen:
                topic, _, id_ = one.content.partition(" ")
                if topic == "transaction":
                    found[id_] = min(one.at, found.get(id_, one.at))
        return found

    def _client(self, node: NodeProcess) -> AsyncClient:
        return AsyncClient([node.api], self.network.genesis, timeout_seconds=3.0, retry_seconds=0.0)

    async def _watch(self, node: NodeProcess, watch: Watch) -> None:
        start = "1.0"
        async with self._client(node) as client:
            while True:
                try:
                    async for event in client.events(start=start):
                        id_ = EventId.parse(event.id)
                        watch.seen.append(Seen(id_, time.monotonic_ns(), content_of(event)))
                except Refused as error:
                    if error.code != NO_LONGER_KEPT:
                        raise
                base = await asyncio.to_thread(base_of, node)
                if base < 1:
                    continue  # It has just died; it says so when it is back.
                last = watch.seen[-1].id if watch.seen else EventId(0, 0)
                watch.gaps.append((last, base))
                start = f"{base + 1}.0"

    async def _look(self, node: NodeProcess, watch: Watch) -> None:
        async with self._client(node) as client:
            while True:
                asked = time.monotonic_ns()
                try:
                    height = (await client.status()).height
                    watch.looks.append(Look(asked, time.monotonic_ns(), height))
                except ChainError:
                    pass  # It is down; that is no answer.
                await asyncio.sleep(LOOK_SECONDS)


def base_of(node: NodeProcess) -> int:
    """Give the height above which a node has blocks; -1 when it does not answer."""
    found = node.get("/v1/consensus")
    return int(found["base"]) if found else -1


def content_of(event: StreamEvent) -> str:
    """What an event is about, the same at every node."""
    return f"{event.topic} {event.data['hash' if event.topic == 'block' else 'id']}"
