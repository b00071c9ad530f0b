"""What a chain went through before it is measured: many single updates, and time to merge them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import aiohttp

from chain.errors import Refused
from chain.scalars import UnixMillis
from node.bench.blocks import BlockCount
from node.bench.load import CHUNK, Load, Signing
from node.bench.sending import Sender
from node.bench.supply import IN_HAND_SHARE
from node.bench.usage import read_usage
from node.bench.workloads import Workload
from node.clock import monotonic_seconds

SETTLE_SECONDS_MAX: Final = 300.0
SETTLE_LOOK_S: Final = 5.0
IDLE_SHARE: Final = 0.04
"""Of a core: what a node takes that has nothing to do, and no merges, is half of it."""
LOOK_S: Final = 0.25
STILL_SECONDS_MAX: Final = 60.0
NO_ROOM: Final = frozenset({"VT-3001", "VT-3002"})
"""The mempool or an organisation's share of it is full, which passes."""
EARLIER_MS: Final = 30 * 86_400_000

OnProgress = Callable[[float], None]
"""Is told which share is done."""


@dataclass(frozen=True, slots=True)
class History:
    """Transactions to commit before a measurement: one reading each, of all twins in turn.

    It is signed as it goes, for nothing is measured meanwhile.

    Args: count: of its transactions, at least one; in_flight: how many to keep under way; ahead:
    how many are signed before they are handed in.
    """

    count: int
    signing: Signing
    in_flight: int
    per_request: int
    ahead: int

    async def commit(
        self,
        session: aiohttp.ClientSession,
        nodes: Sequence[str],
        seen: BlockCount,
        expiries: Callable[[], range],
        on_progress: OnProgress,
    ) -> int:
        """Hand it in and wait until it stands in blocks.

        Args: expiries: gives the expiry heights that will do for what is handed in next.
        Returns: how many transactions nodes took: more than `count`, by what was under way.
        Raises: Refused: VT-8014, more are refused than taken, or no block takes any; it may be in a
        group.
        """
        on_progress(0.0)
        in_flight = min(self.in_flight, max(self.per_request, self.count))
        per_request = min(self.per_request, in_flight, self.count)
        chunk = max(1, min(CHUNK, in_flight * len(expiries()) // IN_HAND_SHARE))
        committed = before = seen.committed
        with closing(Load(self.signing, min(self.ahead, self.count), None, chunk)) as load:
            await asyncio.to_thread(load.prepare, lambda _: None)
            sender = Sender(session, nodes, iter(load), per_request)
            moved_s = monotonic_seconds()
            async with asyncio.TaskGroup() as tasks:
                handing = tasks.create_task(sender.hand_in_all(self.count, in_flight, seen))
                while not handing.done():
                    if seen.committed != before:
                        before, moved_s = seen.committed, monotonic_seconds()
                    done = before - committed
                    on_progress(min(1.0, done / self.count))
                    load.top_up(expiries(), min(self.ahead, self.count + in_flight))
                    _check(sender, in_flight, monotonic_seconds() - moved_s)
                    await asyncio.wait({handing}, timeout=LOOK_S)
        return sender.sent.accepted


def _check(sender: Sender, in_flight: int, still_s: float) -> None:
    """Raises: Refused: VT-8014, this will never end."""
    taken, refusals = sender.sent.accepted, sender.sent.refused
    refused = sum(count for code, count in refusals.items() if code not in NO_ROOM)
    if refused > max(in_flight, taken):
        most = max(refusals, key=lambda code: refusals[code])
        reason = f"{refused} transactions were refused, most of them with {most}, and {taken} taken"
        raise Refused("VT-8014", reason=reason)
    if still_s > STILL_SECONDS_MAX:
        reason = f"for {still_s:.0f} s no transaction came into a block; {taken} were taken"
        raise Refused("VT-8014", reason=reason)


def earlier_updates(load: Workload) -> Workload:
    """Give single updates of the same twins, all taken before the first reading of `load`."""
    return replace(load, name="single", begin_ms=UnixMillis(load.begin_ms - EARLIER_MS))


async def settle(
    session: aiohttp.ClientSession, nodes: Sequence[str], on_progress: OnProgress
) -> None:
    """Wait until the databases have merged what a history at full speed left behind."""
    begun = monotonic_seconds()
    is_busy = True
    while is_busy and (passed := monotonic_seconds() - begun) < SETTLE_SECONDS_MAX:
        on_progress(passed / SETTLE_SECONDS_MAX)
        first = await read_usage(session, nodes)
        await asyncio.sleep(SETTLE_LOOK_S)
        second = await read_usage(session, nodes)
        looks = zip(first, second, strict=True)
        used = [b.process_cpu_seconds - a.process_cpu_seconds for a, b in looks]
        is_busy = max(used) > IDLE_SHARE * SETTLE_LOOK_S
