"""The end of a run: every answer is known, and every promise is held against the chain.

* Nothing that was called final is missing at any node, or stands elsewhere there.
* No transaction stands in the chain twice; none is in it that expired.
* All nodes have the same blocks.
* The clients' histories are linearizable.
* Each node's event stream was complete, in order, and never ahead of what could be read.
"""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.errors import ChainError
from chain.operations import Call
from chain.values import encode_value
from node.client import AsyncClient
from node.client.errors import UNKNOWN_CODES
from tests.e2e.network import Network, NodeProcess
from tests.e2e.watchers import Watchers, base_of
from tests.e2e.workload import EXPIRY_BLOCKS, MODELS, Attempt, Workload
from tests.histories.history import save
from tests.histories.linearizability import check
from tests.histories.watch import EventId, check_watch

PAGE = 500
SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Place:
    """Where a transaction stands in a chain."""

    height: int
    position: int
    code: str


@dataclass(frozen=True)
class ChainCopy:
    """The chain as one node has it: the hash of each block and the place of each transaction.

    A node that joined from a snapshot has both above the height `base` only.
    """

    node: str
    blocks: dict[int, str]
    places: dict[str, Place]
    twice: tuple[str, ...]
    base: int = 0


@dataclass(frozen=True)
class Report:
    """What a run came to."""

    operations: int
    unknown: int
    never: int
    height: int
    transactions: int
    events: int

    def describe(self) -> str:
        """Say it in a line."""
        return (
            f"{self.operations} operations, {self.unknown} at first without an answer, of which "
            f"{self.never} never took effect; {self.transactions} transactions in {self.height} "
            f"blocks, the same at all nodes; {self.events} events told; linearizable"
        )


async def judge(workload: Workload, watchers: Watchers | None = None) -> Report:
    """Settle what is unknown, then hold every promise against all four chains.

    The clients must have ended, all nodes must run, and the watchers must still watch.
    """
    unknown = len(workload.unknown)
    await _outlive(workload)
    await _resolve(workload, {} if watchers is None else watchers.told_at())
    # One top for all: the chain goes on while the copies are read, which takes longer than a beat.
    top = min(node.height for node in workload.network.nodes)
    copies = [await _copy(node, workload.network, top) for node in workload.network.nodes]
    check_copies(workload.attempts, copies)
    first = whole(copies)
    for name, history in workload.histories().items():
        verdict = check(MODELS[name], history)
        assert verdict.is_linearizable, verdict.describe()
    events = await _check_watches(watchers, first) if watchers is not None else 0
    height = max(first.blocks)
    return Report(
        len(workload.attempts), unknown, len(workload.unknown), height, len(first.places), events
    )


async def _outlive(workload: Workload) -> None:
    """Bring the chain so far, at every node, that unanswered operations have expired."""
    nodes = workload.network.nodes
    target = max(node.height for node in nodes) + EXPIRY_BLOCKS + 2
    target = max(target, workload.height + EXPIRY_BLOCKS + 2)
    ends = time.monotonic() + SETTLE_SECONDS
    filler = Call("register", "read", encode_value({"key": "filler"}))
    async with workload.client(0) as client:
        while min(node.height for node in nodes) < target:
            heights = {node.name: node.height for node in nodes}
            assert time.monotonic() < ends, f"height {target} is not reached: {heights}"
            await client.submit_and_wait(filler, SETTLE_SECONDS)


async def _resolve(workload: Workload, told_at: Mapping[str, int]) -> None:
    """Ask for each unanswered operation by its id: it has taken effect, or never will.

    Args: told_at: when watchers were told of transactions; an effect is older than its event.
    """
    async with workload.client(0) as client:
        for attempt in workload.unknown:
            try:
                view = await client.transaction(attempt.id)
            except ChainError as error:
                if error.code not in UNKNOWN_CODES:
                    raise
                continue
            if view.state != "expired":
                attempt.settle(view, told_at.get(attempt.id, time.monotonic_ns()))


async def _copy(node: NodeProcess, network: Network, top: int) -> ChainCopy:
    """Read a node's whole chain, up to a height that all have."""
    async with AsyncClient([node.api], network.genesis, timeout_seconds=20) as client:
        blocks = {
            block["height"]: block["hash"]
            async for block in client.pages("/v1/blocks", limit=PAGE)
            if block["height"] <= top
        }
        found: list[dict[str, Any]] = [
            transaction
            async for transaction in client.pages("/v1/transactions", limit=PAGE)
            if transaction["height"] <= top
        ]
    base = base_of(node)
    assert sorted(blocks) == list(range(base + 1, top + 1)), f"{node.name} lacks blocks"
    counts = Counter(one["id"] for one in found)
    return ChainCopy(
        node.name,
        blocks,
        {one["id"]: Place(one["height"], one["position"], one["code"]) for one in found},
        tuple(id_ for id_, count in counts.items() if count > 1),
        base,
    )


def whole(copies: Sequence[ChainCopy]) -> ChainCopy:
    """Give a copy that has the chain from its first block on."""
    return next(copy for copy in copies if copy.base == 0)


def check_copies(attempts: Sequence[Attempt], copies: Sequence[ChainCopy]) -> None:
    """Hold what clients were told against the chain as each node has it.

    Raises: AssertionError: which promise is broken.
    """
    first = whole(copies)
    for copy in copies:
        blocks = {height: hash_ for height, hash_ in first.blocks.items() if height > copy.base}
        places = {id_: place for id_, place in first.places.items() if place.height > copy.base}
        assert copy.twice == (), f"{copy.node} has executed twice: {copy.twice}"
        assert copy.blocks == blocks, _differing(copy, first.node, blocks)
        assert copy.places == places, f"{copy.node} and {first.node} order otherwise"
    for attempt in attempts:
        place = first.places.get(attempt.id)
        if attempt.view is None:
            assert place is None, f"expired, yet in the chain: {attempt.operation.describe()}"
            continue
        assert place is not None, f"lost although final: {attempt.operation.describe()}"
        told = Place(attempt.view.height or 0, attempt.view.position or 0, "ok")
        assert place == told, f"{attempt.operation.describe()}: told {told}, found {place}"


def _differing(copy: ChainCopy, other: str, blocks: Mapping[int, str]) -> str:
    heights = sorted(h for h in {*copy.blocks, *blocks} if copy.blocks.get(h) != blocks.get(h))
    return f"{copy.node} and {other} have different blocks at {heights[:10]}"


async def _check_watches(watchers: Watchers, copy: ChainCopy) -> int:
    chain = {EventId(height, 0): f"block {hash_}" for height, hash_ in copy.blocks.items()}
    for id_, place in copy.places.items():
        chain[EventId(place.height, place.position + 1)] = f"transaction {id_}"
    top = max(copy.blocks)
    ends = time.monotonic() + SETTLE_SECONDS
    for watch in watchers.watches:
        while watch.height < top:
            assert time.monotonic() < ends, f"{watch.node} told events up to {watch.height} only"
            await asyncio.sleep(0.1)
        seen = [one for one in watch.seen if one.id.height <= top]
        faults = check_watch(seen, watch.looks, watch.without_gaps(chain))
        assert faults == [], f"{watch.node}: {faults}"
    return sum(len(watch.seen) for watch in watchers.watches)


@contextmanager
def evidence(name: str, workload: Workload) -> Iterator[None]:
    """Keep the histories and logs of a run that fails, and say in the failure where they are."""
    try:
        yield
    except BaseException as error:
        folder = Path(tempfile.mkdtemp(prefix=f"veritwin-{name}-"))
        for contract, history in workload.histories().items():
            save(folder / f"{contract}.history.jsonl", history)
        for node in workload.network.nodes:
            if node.log.exists():
                shutil.copyfile(node.log, folder / f"{node.name}.log")
        error.add_note(f"histories of the clients and logs of the nodes: {folder}")
        raise
